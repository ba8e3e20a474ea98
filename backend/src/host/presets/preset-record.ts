/** What the records of HOSTS_FILE with a preset have in common. Errors are sentences that say what to do. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { checkedOrigin } from '../outgoing.ts';

/** Gives a variable of the environment. */
export type ReadVariable = (name: string) => string | undefined;

export interface PresetKind {
  preset: string;
  /** Beside `preset`, `issuer` and `name`. */
  fields: readonly string[];
  issuers: readonly string[];
  /** Where the secret stands, unless `secretEnv` names another variable. */
  secretEnv: string;
}

/** @throws Error for a field too many, another issuer or no name; for development a stand-in on http is an issuer, too */
export function checkedRecord(
  raw: Record<string, unknown>,
  { preset, fields, issuers }: PresetKind,
  allowLocal: boolean,
): { issuer: string; name: string } {
  const known = ['preset', 'issuer', 'name', ...fields];
  const unknown = Object.keys(raw).find((field) => !known.includes(field));
  if (unknown !== undefined)
    throw new Error(`a ${preset} host knows no ${unknown}, only ${known.join(', ')}`);
  const { issuer, name } = raw;
  if (typeof issuer !== 'string' || (!issuers.includes(issuer) && !isLocal(issuer, allowLocal))) {
    throw new Error(`the issuer of a ${preset} host must be one of ${issuers.join(', ')}`);
  }
  if (typeof name !== 'string' || name === '') throw new Error(`${issuer} needs a name to be shown by`);
  return { issuer, name };
}

function isLocal(issuer: string, allowLocal: boolean): boolean {
  return allowLocal && issuer.startsWith('http://') && checkedOrigin(issuer, true) === issuer;
}

/** The secret of our integration; as a `KeyObject` it prints as no text. @throws Error */
export function secretOf(
  { issuer, secretEnv }: Record<string, unknown>,
  kind: PresetKind,
  read: ReadVariable,
): KeyObject {
  const variable = secretEnv ?? kind.secretEnv;
  if (typeof variable !== 'string' || !/^[A-Z][A-Z0-9_]*$/.test(variable)) {
    throw new Error(
      `secretEnv of ${String(issuer)} must name a variable such as ${kind.secretEnv}, not hold the secret`,
    );
  }
  const secret = read(variable);
  if (secret === undefined || !/^[\x21-\x7e]{32,256}$/.test(secret)) {
    throw new Error(
      `put the integration's secret key (32 characters or more) into ${variable} for ${String(issuer)}`,
    );
  }
  return createSecretKey(Buffer.from(secret));
}
