import * as v from 'valibot';
import { MAX_PHONE_LENGTH } from './list.ts';

/** What the host's token says of the caller, and what the account has set. */
export const ROLES = ['admin', 'supervisor', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

export type Permission = 'view' | 'control' | 'setUp' | 'administer';

/** Who may do what; the server forbids by it, the widget hides by it. */
export const ROLE_PERMISSIONS: Record<Role, readonly Permission[]> = {
  admin: ['view', 'control', 'setUp', 'administer'],
  supervisor: ['view', 'control', 'setUp'],
  operator: ['view', 'control'],
  viewer: ['view'],
};

export function roleMay(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}

export const SessionSchema = v.object({
  account: v.object({ name: v.string(), timeZone: v.string() }),
  user: v.object({ id: v.string(), role: v.picklist(ROLES) }),
  /** Which number is from where is known, so that sending hours may go by the recipients' clocks. */
  recipientZones: v.boolean(),
});
export type Session = v.InferOutput<typeof SessionSchema>;

/** One number of the account's stop list. */
export const StopListEntrySchema = v.object({
  phone: v.string(),
  reason: v.string(),
  /** The customer's words, or who added it. */
  evidence: v.nullable(v.string()),
  addedAt: v.string(),
});
export type StopListEntry = v.InferOutput<typeof StopListEntrySchema>;

export const NewStopListEntrySchema = v.object({
  phone: v.pipe(
    v.string('phone_invalid'),
    v.minLength(1, 'phone_invalid'),
    v.maxLength(MAX_PHONE_LENGTH, 'phone_invalid'),
  ),
});
export type NewStopListEntry = v.InferOutput<typeof NewStopListEntrySchema>;
