import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { OPERATIONS } from '../src/openapi/operations.ts';
import { readManifest } from '../src/host/manifest.ts';
import { PROJECT_ROOT } from '../src/project-root.ts';

/** The manifest against the schema that hosts are given, and against what the app really has. */
const schema = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'docs/host/manifest.schema.json'), 'utf8'),
) as AnySchemaObject;
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
formats.default(ajv);
const validate = ajv.compile(schema);

interface Shown {
  name: Record<string, string>;
  default_locale: string;
  locales: string[];
  lifecycle: Record<string, string>;
  webhooks: { url: string }[];
}
const manifest = readManifest('https://messaging.example.com') as unknown as Shown & Record<string, unknown>;

test('the manifest is as its schema says', () => {
  validate(manifest);
  expect(validate.errors).toBeNull();
});

test.each<[string, Record<string, unknown>]>([
  ['another version of the format', { manifest_version: 2 }],
  ['a field nobody explains', { surprise: true }],
  [
    'an address in place of a path',
    { lifecycle: { ...manifest.lifecycle, installed: 'https://evil.example/' } },
  ],
  ['a path that is another host', { icons: { svg: '//evil.example/x.svg' } }],
  ['a base URL with a path', { base_url: 'https://messaging.example.com/app' }],
  ['a scope nobody knows', { scopes: ['everything'] }],
  ['no name', { name: {} }],
  [
    'an unsigned token',
    { authentication: { ...(manifest['authentication'] as object), algorithms: ['none'] } },
  ],
])('the schema refuses %s', (_name, changes) => {
  expect(validate({ ...manifest, ...changes })).toBe(false);
});

test('every field says what a host does with it', () => {
  const silent: string[] = [];
  const look = (at: string, of: AnySchemaObject) => {
    for (const [name, field] of Object.entries((of['properties'] ?? {}) as Record<string, AnySchemaObject>)) {
      if (typeof field['description'] !== 'string') silent.push(`${at}.${name}`);
      look(`${at}.${name}`, (field['items'] as AnySchemaObject | undefined) ?? field);
    }
  };
  look('', schema);
  expect(silent).toEqual([]);
});

test('every text is there in every language, and every path leads somewhere', () => {
  const texts = JSON.stringify(manifest)
    .match(/\{"en":[^}]*\}/g)!
    .map((text) => Object.keys(JSON.parse(text)));
  expect(texts.length).toBeGreaterThan(2);
  for (const languages of texts) expect(languages.sort()).toEqual([...manifest.locales].sort());
  expect(manifest.locales).toContain(manifest.default_locale);
  const paths = new Set(OPERATIONS.map(({ path }) => path));
  for (const path of Object.values(manifest.lifecycle)) expect(paths).toContain(path);
  for (const { url } of manifest.webhooks)
    expect(paths).toContain(url.replace('{installation_id}', '{installationId}'));
});
