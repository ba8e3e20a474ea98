import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  expect(read({}).secretsKeys).toEqual(read({}).secretsKeys);
});

/** Reads the configuration at the moment it is told to, and says the key. */
const STARTER = `
  import { readConfig } from ${JSON.stringify(join(PROJECT_ROOT, 'dist/backend/src/config.js'))};
  process.stdout.write('ready');
  process.stdin.once('data', (at) => {
    while (Date.now() < Number(at));
    process.stdout.write(readConfig({ DATA_DIR: process.argv[1] }).secretsKeys[0].toString('base64'));
    process.exit();
  });`;

test('of several first starts at the same moment, each has the same key', async () => {
  for (let round = 0; round < 5; round += 1) {
    const fresh = mkdtempSync(join(tmpdir(), 'mass-messaging-config-'));
    const racing = [1, 2, 3, 4].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', STARTER, fresh], {
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );
    await Promise.all(racing.map(({ stdout }) => once(stdout, 'data')));
    const keys = Promise.all(
      racing.map(async ({ stdout }) => {
        let key = '';
        for await (const chunk of stdout) key += chunk;
        return key;
      }),
    );
    const at = String(Date.now() + 50);
    for (const { stdin } of racing) stdin.write(at);
    expect(new Set(await keys)).toEqual(
      new Set([read({ DATA_DIR: fresh }).secretsKeys[0].toString('base64')]),
    );
    expect(readdirSync(fresh)).toEqual(['secrets.key']);
  }
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
    ['DATABASE_LONG_POOL_SIZE', { DATABASE_LONG_POOL_SIZE: '0' }],
    ['DATABASE_LONG_WAIT_MS', { DATABASE_LONG_WAIT_MS: '-1' }],
    ['ERASE_AFTER_DAYS', { ERASE_AFTER_DAYS: 'never' }],
    ['DOWNLOAD_STALL_MS', { DOWNLOAD_STALL_MS: 'long' }],
    ['UPLOAD_STALL_MS', { UPLOAD_STALL_MS: '99' }],
    ['SECRETS_KEY', { SECRETS_KEY: 'c2hvcnQ=' }],
    ['SECRETS_KEY', { SECRETS_KEY: `${Buffer.alloc(32).toString('base64')},` }],
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
  const names = new Set([...source.matchAll(/env(?:\['|, ')([A-Z_]+)'/g)].map(([, name]) => name));
  const example = readFileSync(join(PROJECT_ROOT, '.env.example'), 'utf8');
  for (const name of names) expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  expect(names.size).toBeGreaterThan(8);
});
