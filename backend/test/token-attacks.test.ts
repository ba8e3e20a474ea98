import { generateKeyPairSync, randomBytes, randomUUID, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import request from 'supertest';
import type { Overrides } from '../../sandbox/src/tokens.ts';
import type { Config } from '../src/config.ts';
import { CONFIG } from '../src/tokens.ts';
import { startApp, type TestApp } from './app.ts';

/**
 * Every attack on the session token that is known from other marketplaces. `jose` reads the same tokens as a second
 * verifier: what it refuses we must refuse; what it lets through and we refuse is said in the table.
 */
let host: TestApp;
beforeAll(async () => {
  host = await startApp();
});
afterAll(() => host.stop());

type Tenant = 'romashka' | 'vasilek';
const now = () => Math.floor(Date.now() / 1000);
const mint = (tenant: Tenant, overrides: Overrides = {}) =>
  host.sandbox.tokens.session(tenant, { user: 'admin-1', role: 'admin' }, overrides).token;
/** Of the sandbox's accounts one signs by a key of its installation, the other by the platform's. */
const hmac = (overrides?: Overrides) => mint('romashka', overrides);
const ecdsa = (overrides?: Overrides) => mint('vasilek', overrides);
const claims = (changes: Record<string, unknown>) => hmac({ claims: changes });
const header = (changes: Record<string, unknown>) => ecdsa({ header: changes });
const payload = (text: (valid: string) => string) => {
  const [, part] = hmac().split('.');
  return hmac({ payload: text(Buffer.from(part!, 'base64url').toString()) });
};
const other = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const publicPem = () => host.sandbox.hosts[0]!.keys[0]!.publicKey;
const kid = () => host.sandbox.hosts[0]!.keys[0]!.kid;
/** As Base64url, with its last bit turned. */
const spareBit = (segment: string) => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return segment.slice(0, -1) + letters[letters.indexOf(segment.at(-1)!) ^ 1];
};
const parts = (token: string) => token.split('.') as [string, string, string];

const call = (token: string) =>
  request(host.baseUrl).get('/api/session').set('Authorization', `Bearer ${token}`);

interface Attack {
  name: string;
  token: () => string;
  /** `jose` has no such rule and lets it through. */
  oursAlone?: true;
}

const refused: Attack[] = [
  // 1, 2: the signature
  ...['none', 'None', 'nOnE', 'NONE', ''].map((alg) => ({
    name: `alg "${alg}" without a signature`,
    token: () => ecdsa({ header: { alg }, key: null }),
  })),
  { name: 'signature stripped', token: () => parts(hmac()).slice(0, 2).join('.') + '.' },
  { name: 'signature cut', token: () => hmac().slice(0, -4) },
  {
    name: 'signature of another token',
    token: () => [...parts(hmac()).slice(0, 2), parts(hmac())[2]].join('.'),
  },
  {
    name: 'spare bit of the signature turned',
    token: () => {
      const [head, body, signature] = parts(hmac());
      return [head, body, spareBit(signature)].join('.');
    },
    oursAlone: true,
  },
  {
    name: 'claims changed after signing',
    token: () => {
      const [head, , signature] = parts(hmac());
      return [head, parts(claims({ sub: 'somebody-else' }))[1], signature].join('.');
    },
  },
  { name: 'another key', token: () => hmac({ key: randomBytes(32) }) },
  { name: 'another key under the right kid', token: () => ecdsa({ key: other() }) },
  // 3, 4: the algorithm
  ...(['pem', 'der', 'jwk'] as const).map((form) => ({
    name: `HS256 keyed with the public key as ${form}`,
    token: () => {
      const key = createPublicKey(publicPem());
      const forms = {
        pem: publicPem(),
        der: key.export({ type: 'spki', format: 'der' }),
        jwk: JSON.stringify(key.export({ format: 'jwk' })),
      };
      return ecdsa({ header: { alg: 'HS256' }, key: Buffer.from(forms[form]) });
    },
  })),
  { name: 'RS256 named for a P-256 key', token: () => header({ alg: 'RS256' }) },
  { name: 'ES256 named for an HMAC key', token: () => hmac({ header: { alg: 'ES256' } }) },
  { name: 'HS512 named where HS256 is pinned', token: () => hmac({ header: { alg: 'HS512' } }) },
  // 5: kid
  ...[
    '../../dev/null',
    "kid' OR 1=1 --",
    'http://127.0.0.1/keys',
    'x'.repeat(3000),
    'a\0b',
    '__proto__',
    'constructor',
    '',
    7,
    ['a'],
    null,
    {},
  ].map((value) => ({
    name: `kid ${JSON.stringify(value).slice(0, 30)}`,
    token: () => header({ kid: value }),
  })),
  { name: 'no kid where the installation has no key', token: () => header({ kid: undefined }) },
  {
    name: 'the platform’s kid on a token of the installation’s key',
    token: () => hmac({ header: { kid: kid() } }),
  },
  // 6, 7: header fields
  ...Object.entries({
    jwk: { kty: 'oct', k: 'AAAA' },
    jku: 'http://127.0.0.1:9/keys',
    x5u: 'http://127.0.0.1:9/cert',
    x5c: ['AAAA'],
    zip: 'DEF',
    cty: 'JWT',
    b64: false,
  }).map(([field, value]) => ({
    name: `header field ${field}`,
    token: () => header({ [field]: value }),
    oursAlone: true as const,
  })),
  { name: 'crit', token: () => header({ crit: ['exp'], exp: 1 }) },
  // 9, 10, 11: times
  { name: 'nbf in the future', token: () => claims({ nbf: now() + 60 }) },
  {
    name: 'issued in the future',
    token: () => claims({ iat: now() + 60, exp: now() + 300 }),
    oursAlone: true,
  },
  ...[undefined, '9999999999', 'NaN', -1, null, true, [now() + 100]].map((exp) => ({
    name: `exp ${JSON.stringify(exp)}`,
    token: () => claims({ exp }),
  })),
  { name: 'exp with a fraction', token: () => claims({ exp: now() + 100.5 }), oursAlone: true },
  { name: 'exp 1e300', token: () => claims({ exp: 1e300 }), oursAlone: true },
  { name: 'a day long', token: () => claims({ exp: now() + 86_400 }), oursAlone: true },
  { name: 'old iat with a fresh exp', token: () => claims({ iat: now() - 86_400 }), oursAlone: true },
  { name: 'no iat', token: () => claims({ iat: undefined }) },
  { name: 'exp before iat', token: () => claims({ iat: now() + 9, exp: now() + 5 }), oursAlone: true },
  // 12, 13: audience and issuer
  ...[
    'other-app',
    ['mass-messaging', 'other-app'],
    '.*',
    'Mass-Messaging',
    'mass-messaging/',
    [],
    undefined,
  ].map((aud) => ({
    name: `aud ${JSON.stringify(aud)}`,
    token: () => claims({ aud }),
    ...(Array.isArray(aud) && aud.length > 1 ? { oursAlone: true as const } : {}),
  })),
  ...[
    (iss: string) => `${iss}/`,
    (iss: string) => iss.toUpperCase(),
    (iss: string) => iss.replace('o', 'о'),
  ].map((change, nth) => ({
    name: `iss that only looks like ours (${nth + 1})`,
    token: () => claims({ iss: change(host.sandbox.url) }),
  })),
  ...['https://evil.example', '', undefined, ['x'], null].map((iss) => ({
    name: `iss ${JSON.stringify(iss)}`,
    token: () => claims({ iss }),
  })),
  // 14, 16: tenant and installation
  { name: 'another tenant', token: () => claims({ tid: 'vasilek' }) },
  { name: 'another tenant’s installation', token: () => claims({ iid: installationOf('vasilek') }) },
  {
    name: 'both of another tenant, by our key',
    token: () => claims({ tid: 'vasilek', iid: installationOf('vasilek') }),
  },
  { name: 'an installation that never was', token: () => claims({ iid: randomUUID() }) },
  ...['tid', 'iid', 'sub', 'jti'].map((name) => ({
    name: `no ${name}`,
    token: () => claims({ [name]: undefined }),
  })),
  // 18: the id of a token
  ...['short', 'x'.repeat(129), 'has spaces in it, long', 5].map((jti) => ({
    name: `jti ${JSON.stringify(jti).slice(0, 30)}`,
    token: () => claims({ jti }),
    oursAlone: true as const,
  })),
  // 20: size and shape
  { name: 'longer than 4096 bytes', token: () => claims({ x: 'x'.repeat(4000) }), oursAlone: true },
  { name: 'claims longer than 2 KiB', token: () => claims({ x: 'x'.repeat(2000) }), oursAlone: true },
  { name: 'ten thousand dots', token: () => '.'.repeat(10_000) },
  { name: 'four segments', token: () => `${hmac()}.x` },
  { name: 'padding', token: () => `${hmac()}=`, oursAlone: true },
  {
    name: 'claims ten deep',
    token: () => payload((valid) => `${valid.slice(0, -1)},"x":${'['.repeat(10)}${']'.repeat(10)}}`),
    oursAlone: true,
  },
  { name: 'claims that are a list', token: () => hmac({ payload: '[]' }) },
  { name: 'claims that are no JSON', token: () => hmac({ payload: '{"iss":' }) },
  // 21: what two parsers read differently
  ...['role', 'tid', 'iss', 'exp'].map((name) => ({
    name: `${name} twice`,
    token: () =>
      payload((valid) => valid.replace('{', `{"${name}":${JSON.stringify(JSON.parse(valid)[name])},`)),
    oursAlone: true as const,
  })),
  {
    name: 'a name that is written in two ways',
    token: () => payload((valid) => valid.replace('{', '{"\\u0073ub":"x",')),
    oursAlone: true,
  },
  // 22: text
  ...['\u202eadmin', 'a\0b', 'a\nb', '\ud800', '', 'x'.repeat(129), 5, ['admin-1']].map((sub) => ({
    name: `sub ${JSON.stringify(sub).slice(0, 30)}`,
    token: () => claims({ sub }),
    oursAlone: true as const,
  })),
  // 25, 29: other kinds of token, and other secrets
  { name: 'typ of a lifecycle call', token: () => header({ typ: 'host-lifecycle+jwt' }) },
  { name: 'typ JWT', token: () => header({ typ: 'JWT' }) },
  { name: 'no typ', token: () => header({ typ: undefined }) },
  {
    name: 'a lifecycle call’s own token',
    token: () =>
      host.sandbox.tokens.lifecycle({
        tenant: 'vasilek',
        iid: installationOf('vasilek'),
        audience: host.baseUrl,
        body: Buffer.from('{}'),
      }),
  },
  {
    name: 'signed by the webhook secret',
    token: () => hmac({ key: Buffer.from(secretsOf('romashka').webhookSecret) }),
  },
  { name: 'the access token', token: () => secretsOf('romashka').accessToken },
];

const accepted: Attack[] = [
  { name: 'as it should be, HS256', token: () => hmac() },
  { name: 'as it should be, ES256', token: () => ecdsa() },
  // 8: a little late
  { name: 'expired by less than the skew', token: () => claims({ iat: now() - 200, exp: now() - 5 }) },
  { name: 'issued a little in the future', token: () => claims({ iat: now() + 5, exp: now() + 300 }) },
  { name: 'aud as a list of ours alone', token: () => claims({ aud: ['mass-messaging'] }) },
  // 23: names that mean something to JavaScript
  {
    name: '__proto__ among the claims',
    token: () => payload((valid) => valid.replace('{', '{"__proto__":{"role":"viewer"},"constructor":1,')),
  },
];

const installationOf = (tenant: Tenant) => secretsOf(tenant).id;
const secretsOf = (tenant: Tenant) => host.sandbox.identity.tenant(tenant).installation!;

/** The second verifier, told no more than which key belongs to whom. */
async function joseAccepts(token: string): Promise<boolean> {
  try {
    const { kid: named } = decodeProtectedHeader(token);
    if (named !== undefined && named !== kid()) return false;
    const key =
      named === undefined
        ? Buffer.from(secretsOf('romashka').sessionKey!, 'base64url')
        : createPublicKey(publicPem());
    const tenant = named === undefined ? 'romashka' : 'vasilek';
    const { payload: found } = await jwtVerify(token, key, {
      algorithms: [named === undefined ? 'HS256' : 'ES256'],
      typ: 'host-session+jwt',
      issuer: host.sandbox.url,
      audience: 'mass-messaging',
      clockTolerance: 10,
      requiredClaims: ['sub', 'tid', 'iid', 'iat', 'exp', 'jti'],
    });
    return found['tid'] === tenant && found['iid'] === installationOf(tenant);
  } catch {
    return false;
  }
}

describe('is refused, in the same words whatever it is:', () => {
  test.each(refused.map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
    const token = attack.token();
    // What does not fit into a header never gets as far as the token.
    const { status, body } = /^[\x21-\x7e]+$/.test(token) ? await call(token) : { status: 401, body: null };
    expect(status).toBe(401);
    if (body) expect(body).toMatchObject({ code: 'token_invalid' });
    expect(await joseAccepts(token)).toBe(attack.oursAlone === true);
  });
});

describe('is accepted:', () => {
  test.each(accepted.map((attack) => [attack.name, attack] as const))('%s', async (_name, { token }) => {
    const given = token();
    const { body } = await call(given).expect(200);
    expect(body.user).toEqual({ id: 'admin-1', role: 'admin' });
    expect(await joseAccepts(given)).toBe(true);
  });
});

test('expired by more than the skew: refused with the word that a fresh one helps', async () => {
  const { body, headers } = await call(claims({ iat: now() - 200, exp: now() - 11 })).expect(401);
  expect(body.code).toBe('token_expired');
  expect(headers['x-host-token-retry']).toBe('1');
  const wrong = await call(claims({ iat: now() - 200, exp: now() - 11, aud: 'other-app' })).expect(401);
  expect(wrong.headers['x-host-token-retry']).toBeUndefined();
});

test.each([['"admin "', 'admin '], ['a list', ['admin']], ['Admin'], ['root'], ['nothing', undefined]])(
  'a role of %s is a viewer, and the server forbids what a viewer may not',
  async (_name, role = _name) => {
    const token = claims({ role: _name === 'nothing' ? undefined : role });
    expect((await call(token).expect(200)).body.user.role).toBe('viewer');
    const change = request(host.baseUrl).post('/api/campaigns').set('Authorization', `Bearer ${token}`);
    expect((await change.send({ name: 'Нет', role: 'admin' }).expect(403)).body.code).toBe(
      'role_insufficient',
    );
  },
);

describe('where it stands', () => {
  const session = (path = '/api/session') => request(host.baseUrl).get(path);

  test('in the address or in a cookie it is not looked at', async () => {
    await session(`/api/session?token=${hmac()}&access_token=${hmac()}`).expect(401);
    await session().set('Cookie', `token=${hmac()}`).expect(401);
  });

  test('under another scheme it is not a token, and the scheme’s letters may be of any size', async () => {
    await session().set('Authorization', `JWT ${hmac()}`).expect(401);
    await session().set('Authorization', `Basic ${hmac()}`).expect(401);
    await session().set('Authorization', hmac()).expect(401);
    await session().set('Authorization', `bearer ${hmac()}`).expect(200);
    await session().set('Authorization', `BEARER ${hmac()}`).expect(200);
  });

  test('in two headers none is believed', async () => {
    const { port } = new URL(host.baseUrl);
    const { connect } = await import('node:net');
    const socket = connect(Number(port), '127.0.0.1');
    const lines = ['GET /api/session HTTP/1.1', 'Host: x', 'Connection: close'];
    socket.end(
      [...lines, ...[hmac(), hmac()].map((each) => `Authorization: Bearer ${each}`), '', ''].join('\r\n'),
    );
    let answer = '';
    for await (const piece of socket) answer += String(piece);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  test('a header of a megabyte is answered quickly, and with no more than that', async () => {
    const answer = await session()
      .set('Authorization', `Bearer ${'x'.repeat(1_000_000)}`)
      .then(
        ({ status }) => status,
        () => 'cut off',
      );
    expect([401, 431, 'cut off']).toContain(answer);
  });
});

test('the same tenant’s name at another host is another account', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'https://second.example';
  const { hosts } = host.app.get<Config>(CONFIG);
  hosts.push({
    issuer,
    name: 'Second',
    keys: [{ kid: 'second', alg: 'ES256', key: publicKey }],
    jwksUrl: null,
    maxTtlSeconds: 300,
  });
  const foreign = (claims: Record<string, unknown>, signer: Overrides['key'] = privateKey) =>
    call(ecdsa({ claims: { iss: issuer, ...claims }, header: { kid: 'second' }, key: signer! }));
  await foreign({}).expect(401);
  await foreign({ tid: 'romashka', iid: installationOf('romashka') }).expect(401);
  // And a host's key is worth nothing at another host.
  await call(ecdsa({ header: { kid: 'second' }, key: privateKey })).expect(401);
  await foreign({}, host.sandbox.identity.privateKey).expect(401);
});

test('a session token opens no lifecycle call', async () => {
  const body = { installation_id: installationOf('vasilek'), sequence: 99 };
  const post = request(host.baseUrl).post('/api/host/disabled').set('Authorization', `Bearer ${ecdsa()}`);
  expect((await post.send(body).expect(401)).body.code).toBe('signature_invalid');
  await call(ecdsa()).expect(200);
});

test('switched off, re-installed, removed: tokens of before open nothing', async () => {
  const before = ecdsa();
  await host.sandbox.installs.disable('vasilek');
  expect((await call(before).expect(403)).body.code).toBe('installation_inactive');
  await host.sandbox.installs.enable('vasilek');
  await call(before).expect(200);
  await host.sandbox.installs.uninstall('vasilek');
  await call(before).expect(403);
  await host.sandbox.installs.install('vasilek');
  await call(before).expect(403);
  await call(ecdsa()).expect(200);
});
