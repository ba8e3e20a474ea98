import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from './config.ts';
import { PROJECT_ROOT } from './project-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-config-'));
const read = (env: Record<string, string>) => readConfig({ DATA_DIR: folder, ...env });

test('without any variable the defaults hold', () => {
  expect(read({})).toMatchObject({
    port: 3000,
    baseUrl: 'http://localhost:3000',
    databaseUrl: null,
    production: false,
  });
});

test('the key made for development is the same at the next start', () => {
  expect(read({}).secretsKey).toEqual(read({}).secretsKey);
});

describe('a wrong value stops the start with a sentence that names the variable', () => {
  const hosts = join(folder, 'hosts.json');
  writeFileSync(
    hosts,
    JSON.stringify([{ issuer: 'https://crm.example', keys: [{ kid: 'a', alg: 'none', publicKey: 'x' }] }]),
  );
  test.each<[string, Record<string, string>]>([
    ['PORT', { PORT: 'http' }],
    ['PORT', { PORT: '65536' }],
    ['BASE_URL', { BASE_URL: 'messaging.example.com' }],
    ['BASE_URL', { BASE_URL: 'https://messaging.example.com/' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://x' }],
    ['DATABASE_POOL_SIZE', { DATABASE_POOL_SIZE: '1.5' }],
    ['SECRETS_KEY', { SECRETS_KEY: 'c2hvcnQ=' }],
    ['SECRETS_KEY', { NODE_ENV: 'production' }],
    ['HOSTS_FILE', { HOSTS_FILE: '/nowhere.json' }],
    ['HOSTS_FILE', { HOSTS_FILE: hosts }],
    ['ALLOW_LOCAL_HOSTS', { ALLOW_LOCAL_HOSTS: 'yes' }],
    ['REQUEST_TIMEOUT_MS', { REQUEST_TIMEOUT_MS: '0' }],
    ['CHANNEL_CONCURRENCY', { CHANNEL_CONCURRENCY: '-1' }],
    ['DISPATCH_TICK_MS', { DISPATCH_TICK_MS: '5' }],
  ])('%s', (name, env) => {
    expect(() => read(env)).toThrow(ConfigError);
    expect(() => read(env)).toThrow(name);
  });
});

test('.env.example names every variable that is read', () => {
  const source = readFileSync(join(PROJECT_ROOT, 'backend/src/config.ts'), 'utf8');
  const names = new Set(
    [...source.matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)]
      .map(([, name]) => name)
      .filter((name) => name!.length > 3),
  );
  const example = readFileSync(join(PROJECT_ROOT, '.env.example'), 'utf8');
  for (const name of names) expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  expect(names.size).toBeGreaterThan(8);
});
