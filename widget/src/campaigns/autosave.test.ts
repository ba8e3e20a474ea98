import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { AUTOSAVE_DELAY_MS, createAutosave } from './autosave.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Saves by hand: `typed` is on the screen, `saved` at the server. */
function setUp() {
  const state = { typed: '', saved: '', flying: 0, most: 0, sent: [] as string[], errors: [] as unknown[] };
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const autosave = createAutosave({
    pending: () => state.typed !== state.saved,
    save: () => {
      const sending = state.typed;
      state.sent.push(sending);
      state.most = Math.max(state.most, (state.flying += 1));
      return new Promise<void>((resolve, reject) =>
        answers.push({ resolve: () => ((state.saved = sending), resolve()), reject }),
      ).finally(() => (state.flying -= 1));
    },
    onError: (error) => state.errors.push(error),
    onSaving: () => undefined,
  });
  const type = (text: string) => ((state.typed = text), autosave.touch());
  const settle = () => jest.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS);
  return { state, answers, autosave, type, settle };
}

test('saves once, a moment after the last key', async () => {
  const { state, type, settle } = setUp();
  type('a');
  await jest.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS - 1);
  type('ab');
  await jest.advanceTimersByTimeAsync(AUTOSAVE_DELAY_MS - 1);
  expect(state.sent).toEqual([]);
  await settle();
  expect(state.sent).toEqual(['ab']);
});

test('never two saves in flight; the latest text goes next', async () => {
  const { state, answers, type, settle } = setUp();
  type('a');
  await settle();
  type('ab');
  await settle();
  type('abc');
  await settle();
  expect(state.sent).toEqual(['a']);
  answers[0]!.resolve();
  await settle();
  expect(state.sent).toEqual(['a', 'abc']);
  answers[1]!.resolve();
  await settle();
  expect([state.saved, state.most]).toEqual(['abc', 1]);
});

test('flush waits until everything is saved', async () => {
  const { state, answers, autosave, type } = setUp();
  type('a');
  const flushed = autosave.flush();
  state.typed = 'b';
  answers[0]!.resolve();
  await jest.advanceTimersByTimeAsync(0);
  answers[1]!.resolve();
  expect(await flushed).toBe(true);
  expect(state.sent).toEqual(['a', 'b']);
});

test('a failed save is told, and the next key tries again', async () => {
  const { state, answers, type, settle } = setUp();
  type('a');
  await settle();
  answers[0]!.reject(new Error('no network'));
  await settle();
  expect(state.errors).toHaveLength(1);
  expect(state.sent).toEqual(['a']);
  type('ab');
  await settle();
  expect(state.sent).toEqual(['a', 'ab']);
});
