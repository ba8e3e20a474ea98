import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';

const DIST = new URL('../../dist/', import.meta.url);
/** Of what a browser fetches before the card shows anything, compressed. */
const LIMIT = 110 * 1024;

test('what is loaded before the first state is drawn stays small', () => {
  const page = readFileSync(new URL('widget/index.html', DIST), 'utf8');
  const files = [...page.matchAll(/(?:src|href)="\/(widget\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]!);
  expect(files.some((file) => file.endsWith('.js')) && files.some((file) => file.endsWith('.css'))).toBe(
    true,
  );
  const sizes = files.map((file) => [file, gzipSync(readFileSync(new URL(file, DIST))).length] as const);
  const sum = sizes.reduce((total, [, size]) => total + size, 0);
  expect({ sizes, within: sum <= LIMIT }).toMatchObject({ within: true });
});
