/**
 * What Bitrix24 says, as its documentation has it (bitrix-tools/b24-rest-docs). Values of a kind that the pages leave out are
 * made up.
 */

export const MEMBER = 'a223c6b3710f85df22e9377d6c4f7553';
export const SECRET = 'LJSl0lNB76B5YY6u0YVQ3AW0DrVADcRTwVr4y99PXU1BWQybWK';
export const CLIENT_ID = 'local.573ad8a0346747.09223434';
export const APPLICATION_TOKEN = '51856fefc120afa4b628cc82d3935cce';

/** The form that is posted into a frame: api-reference/widgets/_includes/widget_data.md. */
export const opening = (server: string, changes: Record<string, string> = {}): Record<string, string> => ({
  AUTH_ID: 's6p6eclrvim6da22ft9ch94ekreb52lv',
  AUTH_EXPIRES: '3600',
  REFRESH_ID: '4s386p3q0tr8dy89xvmt96234v3dljg8',
  SERVER_ENDPOINT: `${server}/rest/`,
  APPLICATION_TOKEN,
  APPLICATION_SCOPE: 'placement,user_brief',
  member_id: MEMBER,
  status: 'L',
  PLACEMENT: 'DEFAULT',
  PLACEMENT_OPTIONS: '{"any":"6/"}',
  ...changes,
});

/** The answer of the server of authorisation: settings/oauth/auto-renewal.md. */
export const access = (portal: string, changes: Record<string, unknown> = {}) => ({
  access_token: 'ydtj8pho532wydb5ixk78ol7uqlb7sch',
  client_endpoint: `${portal}/rest/`,
  domain: 'oauth.bitrix24.tech',
  expires: 1780319382,
  expires_in: 3600,
  member_id: MEMBER,
  refresh_token: '3s6lr4kr3cv2od4v853gvrchb875bwxb',
  scope: 'app',
  server_endpoint: 'https://oauth.bitrix24.tech/rest/',
  status: 'L',
  user_id: 67,
  ...changes,
});

/** The answer to `profile`: api-reference/common/users/profile.md. */
export const profile = (changes: Record<string, unknown> = {}) => ({
  result: {
    ID: '67',
    ADMIN: true,
    NAME: 'Вадим',
    LAST_NAME: 'Валеев',
    PERSONAL_GENDER: '',
    TIME_ZONE: '',
    ...changes,
  },
  time: { start: 1722848182.67776, finish: 1722848182.71787, duration: 0.0401120185852051, operating: 0 },
});

/** The event of an uninstall, in the form in which it is posted: api-reference/common/events/on-app-uninstall.md. */
export const uninstall = (changes: Record<string, string> = {}): Record<string, string> => ({
  event: 'ONAPPUNINSTALL',
  'data[LANGUAGE_ID]': 'ru',
  'data[CLEAN]': '0',
  ts: '1466439714',
  'auth[domain]': 'some-domain.bitrix24.ru',
  'auth[server_endpoint]': 'https://oauth.bitrix24.tech/rest/',
  'auth[client_endpoint]': 'https://some-domain.bitrix24.ru/rest/',
  'auth[member_id]': MEMBER,
  'auth[application_token]': APPLICATION_TOKEN,
  ...changes,
});
