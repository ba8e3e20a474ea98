import { createSecretKey, type KeyObject } from 'node:crypto';

/**
 * The secret of our integration at a host, from the variable that its record names.
 * @param read gives a variable of the environment
 * @throws Error with a sentence that says what to do
 */
export function secretFrom(
  issuer: string,
  variable: unknown,
  example: string,
  read: (name: string) => string | undefined,
): KeyObject {
  if (typeof variable !== 'string' || !/^[A-Z][A-Z0-9_]*$/.test(variable)) {
    throw new Error(`secretEnv of ${issuer} must name a variable such as ${example}, not hold the secret`);
  }
  const secret = read(variable);
  if (secret === undefined || !/^[\x21-\x7e]{32,256}$/.test(secret)) {
    throw new Error(
      `put the integration's secret key (32 characters or more) into ${variable} for ${issuer}`,
    );
  }
  return createSecretKey(Buffer.from(secret));
}
