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

export interface Session {
  account: { name: string; timeZone: string };
  user: { id: string; role: Role };
}

/** One number of the account's stop list. */
export interface StopListEntry {
  phone: string;
  reason: string;
  /** The customer's words, or who added it. */
  evidence: string | null;
  addedAt: string;
}
