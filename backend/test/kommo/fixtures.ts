import { createHmac } from 'node:crypto';

/**
 * What Kommo says, as its documentation has it. Values that the pages leave out ("xxxx") are made up.
 */

/** POST /oauth2/access_token: https://developers.kommo.com/reference/get-token */
export const TOKENS = {
  token_type: 'Bearer',
  expires_in: 86400,
  server_time: 1751892369,
  access_token: 'access-token-of-the-account',
  refresh_token: 'refresh-token-of-the-account',
};

/**
 * GET /api/v4/account?with=datetime_settings, shortened: https://kommo.com/developers/content/api_v4/account-parameters;
 * the settings by amocrm/amocrm-api-php, src/AmoCRM/Models/AccountSettings/DateTimeSettings.php.
 */
export const ACCOUNT = {
  id: 30896271,
  name: 'Developers Team',
  subdomain: 'devteam',
  current_user_id: 8375357,
  country: 'US',
  currency: 'USD',
  currency_symbol: '$',
  _embedded: { datetime_settings: { timezone: 'America/New_York', timezone_offset: '-05:00' } },
};

/**
 * Claims of a one-time token: https://developers.kommo.com/docs/one-time-tokens and amocrm/amocrm-api-php,
 * src/AmoCRM/Models/DisposableTokenModel.php; half an hour by its examples/parse_disposable_token.php.
 *
 * @param iat seconds since 1970
 */
export const claims = (iat: number) => ({
  iss: 'https://devteam.kommo.com',
  aud: 'http://localhost',
  jti: 'd3a81b2c-9f1e-4b7c-8a55-6f0f3f7c2f11',
  iat,
  nbf: iat,
  exp: iat + 1800,
  account_id: ACCOUNT.id,
  subdomain: 'devteam',
  client_uuid: '3e4a9c1d-52f6-4c0b-9d3e-1b2a7c8f6e05',
  user_id: 8375357,
  is_admin: true,
});

export const SECRET = 'pH3vQm7sXk2TzR9wLb5NcF8yJd4GaU6eVo1WiZ0qKxMrStYhBnCfDgElAjPuOvIw';

export const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Of just now, with changes to its claims and header. */
export function token(
  changes: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = SECRET,
): string {
  const head = { typ: 'JWT', alg: 'HS256', ...header };
  const signed = `${base64url(head)}.${base64url({ ...claims(Math.floor(Date.now() / 1000)), ...changes })}`;
  if (head.alg === 'none') return `${signed}.`;
  const hash = head.alg === 'HS512' ? 'sha512' : 'sha256';
  return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`;
}
