import { expect, test } from '@jest/globals';
import { Turns, type Waiting } from './turns.ts';

/** Notes its name when it begins. */
function named(
  begun: string[],
  name: string,
  then: () => void = () => undefined,
): Waiting & { isOver: boolean } {
  return {
    isOver: false,
    begin: () => {
      begun.push(name);
      then();
    },
  };
}

/** What was freed is passed on by the time that this is over. */
const settled = () => new Promise<void>((done) => setImmediate(done));

test('at most so many of one kind at once, in the order in which they came', async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) turns.take('x', named(begun, name));
  turns.take('y', named(begun, 'other'));
  expect(begun).toEqual(['a', 'b', 'other']);
  turns.free('x');
  expect(begun).toHaveLength(3);
  await settled();
  turns.take('x', named(begun, 'f'));
  expect(begun).toEqual(['a', 'b', 'other', 'c']);
  for (let n = 0; n < 3; n++) turns.free('x');
  await settled();
  expect(begun).toEqual(['a', 'b', 'other', 'c', 'd', 'e', 'f']);
});

test('what is over while it waits needs no turn', async () => {
  const turns = new Turns(1);
  const begun: string[] = [];
  const [first, over, last] = ['first', 'over', 'last'].map((name) => named(begun, name));
  for (const each of [first!, over!, last!]) turns.take('x', each);
  over!.isOver = true;
  turns.free('x');
  await settled();
  expect(begun).toEqual(['first', 'last']);
});

test('thousands that are over as soon as they begin pass their turn on without sinking into each other', async () => {
  const turns = new Turns(1);
  const begun: string[] = [];
  for (let n = 0; n < 50_000; n++)
    turns.take(
      'x',
      named(begun, String(n), () => turns.free('x')),
    );
  await settled();
  expect(begun).toHaveLength(50_000);
  expect(begun.at(-1)).toBe('49999');
});

test('when all have gone a new one begins at once', async () => {
  const turns = new Turns(1);
  const begun: string[] = [];
  turns.take('x', named(begun, 'a'));
  turns.free('x');
  await settled();
  turns.take('x', named(begun, 'b'));
  expect(begun).toEqual(['a', 'b']);
});
