import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isSealedWithFirst, open, seal, type SecretsKeys } from './secrets.ts';

const OLD = randomBytes(32);
const NEW = randomBytes(32);

/** As it was sealed before the keys had ids. */
function sealWithoutId(secret: string, key: Buffer, owner: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), sealed]);
}

test('what is sealed is opened by its owner and its key, and says nothing of itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, owner) => {
      const wellFormed = secret.toWellFormed();
      const sealed = seal(wellFormed, [NEW], owner);
      expect(open(sealed, [NEW], owner)).toBe(wellFormed);
      if (wellFormed.length > 3) expect(sealed.includes(wellFormed)).toBe(false);
      expect(seal(wellFormed, [NEW], owner)).not.toEqual(sealed);
    }),
  );
});

describe('a key is replaced', () => {
  const both: SecretsKeys = [NEW, OLD];
  test.each([
    ['with its id', seal('whsec', [OLD], 'inst')],
    ['from before the keys had ids', sealWithoutId('whsec', OLD, 'inst')],
  ])('what the old one sealed, %s, still opens, and is told apart', (_, sealed) => {
    expect(open(sealed, both, 'inst')).toBe('whsec');
    expect(isSealedWithFirst(sealed, both)).toBe(false);
    expect(() => open(sealed, [NEW], 'inst')).toThrow();
  });

  test('the first one seals', () => {
    const sealed = seal('whsec', both, 'inst');
    expect(open(sealed, [NEW], 'inst')).toBe('whsec');
    expect(isSealedWithFirst(sealed, both)).toBe(true);
    expect(() => open(sealed, [OLD], 'inst')).toThrow('SECRETS_KEY');
  });
});

describe('does not open', () => {
  const sealed = seal('whsec', [NEW], 'inst');
  test('for another owner', () => expect(() => open(sealed, [NEW], 'other')).toThrow());
  test('with any bit turned over', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const turned = Buffer.from(sealed);
      turned[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => open(turned, [NEW], 'inst')).toThrow();
    }
  });
  test('cut off anywhere', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => open(sealed.subarray(0, length), [NEW], 'inst')).toThrow();
    }
  });
});
