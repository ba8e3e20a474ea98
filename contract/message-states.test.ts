import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import {
  ACCOUNT_PARTS,
  accountAddsUp,
  emptyAccount,
  MESSAGE_STATES,
  RowAccountSchema,
  type MessageState,
} from './message-states.ts';

const rank = (state: MessageState) => MESSAGE_STATES.indexOf(state);

test.each([
  ['queued', 'cancelled'],
  ['queued', 'sent'],
  ['unknown', 'sent'],
  ['unknown', 'failed'],
  ['sent', 'failed'],
  ['sent', 'delivered'],
  ['failed', 'delivered'],
  ['delivered', 'read'],
] as const)('%s may become %s, never the other way', (from, to) => {
  expect(rank(from)).toBeLessThan(rank(to));
});

test('every number of the account but the rows is one of its parts', () => {
  const { rows, ...parts } = emptyAccount();
  expect(rows).toBe(0);
  expect(Object.keys(parts)).toEqual([...ACCOUNT_PARTS]);
  expect(Object.keys(RowAccountSchema.entries)).toEqual(['rows', ...ACCOUNT_PARTS]);
});

test('an empty account adds up', () => {
  expect(accountAddsUp(emptyAccount())).toBe(true);
});

test('property: an account adds up exactly when its rows are the sum of its parts', () => {
  const counts = fc.array(fc.nat(1e6), { minLength: ACCOUNT_PARTS.length, maxLength: ACCOUNT_PARTS.length });
  fc.assert(
    fc.property(counts, fc.integer({ min: -2, max: 2 }), (numbers, off) => {
      const parts = Object.fromEntries(ACCOUNT_PARTS.map((part, at) => [part, numbers[at]!]));
      const rows = numbers.reduce((sum, each) => sum + each, 0) + off;
      expect(accountAddsUp({ ...emptyAccount(), ...parts, rows })).toBe(off === 0);
    }),
  );
});

test.each([-1, 0.5, NaN, '1', null])('%j is no count', (rows) => {
  expect(v.is(RowAccountSchema, { ...emptyAccount(), rows })).toBe(false);
});
