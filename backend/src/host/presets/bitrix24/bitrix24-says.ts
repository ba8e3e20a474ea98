/** What Bitrix24 says: the forms that it posts and the answers that it gives. */
import * as v from 'valibot';
import { ProblemError } from '../../../errors.ts';

const Opaque = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{8,512}$/));
const MemberId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** What Bitrix24 posts into a frame: b24-rest-docs, api-reference/widgets/_includes/widget_data.md. */
export const OpeningSchema = v.object({
  member_id: MemberId,
  APPLICATION_TOKEN: Opaque,
  AUTH_ID: Opaque,
  REFRESH_ID: v.optional(Opaque),
  SERVER_ENDPOINT: v.string(),
});
export type Opening = v.InferOutput<typeof OpeningSchema>;

/** b24-rest-docs, api-reference/common/events/on-app-uninstall.md */
export const UninstallSchema = v.object({
  event: v.literal('ONAPPUNINSTALL'),
  'auth[member_id]': MemberId,
  'auth[application_token]': Opaque,
  'data[CLEAN]': v.optional(v.string()),
});

/** b24-rest-docs, settings/oauth/auto-renewal.md */
export const AccessSchema = v.object({
  access_token: Opaque,
  client_endpoint: v.string(),
  member_id: MemberId,
});

/** b24-rest-docs, api-reference/common/users/profile.md */
export const ProfileSchema = v.object({
  result: v.object({
    ID: v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.regex(/^[1-9]\d{0,15}$/)),
    ADMIN: v.boolean(),
    NAME: v.optional(v.string(), ''),
    LAST_NAME: v.optional(v.string(), ''),
    TIME_ZONE: v.optional(v.nullable(v.string()), ''),
  }),
});
export type Profile = v.InferOutput<typeof ProfileSchema>['result'];

/** @throws ProblemError malformed */
export function parsed<T extends v.GenericSchema>(schema: T, form: URLSearchParams): v.InferOutput<T> {
  const { success, output } = v.safeParse(schema, Object.fromEntries(form));
  if (!success) throw new ProblemError('malformed');
  return output;
}

export function nameOf({ NAME, LAST_NAME }: Profile): string {
  return `${NAME} ${LAST_NAME}`.trim().slice(0, 128);
}
