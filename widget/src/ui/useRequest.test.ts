import { expect, test } from '@jest/globals';
import { useRequest } from './useRequest.ts';

function byHand() {
  const calls: { resolve(value: string): void; reject(error: Error): void }[] = [];
  const request = useRequest(
    (_name: string) => new Promise<string>((resolve, reject) => calls.push({ resolve, reject })),
  );
  return { calls, request };
}

test('goes from idle over loading to done', async () => {
  const { calls, request } = byHand();
  expect(request.state.value).toBe('idle');
  const run = request.run('a');
  expect(request.state.value).toBe('loading');
  calls[0]!.resolve('A');
  expect(await run).toBe('A');
  expect([request.state.value, request.data.value]).toEqual(['done', 'A']);
});

test('a late answer never replaces a newer one', async () => {
  const { calls, request } = byHand();
  const older = request.run('a');
  const newer = request.run('b');
  calls[1]!.resolve('B');
  await newer;
  calls[0]!.resolve('A');
  expect(await older).toBeNull();
  expect(request.data.value).toBe('B');
});

test('a late failure does not spoil a newer answer', async () => {
  const { calls, request } = byHand();
  const older = request.run('a');
  const newer = request.run('b');
  calls[1]!.resolve('B');
  await newer;
  calls[0]!.reject(new Error('late'));
  await older;
  expect([request.state.value, request.error.value]).toEqual(['done', null]);
});

test('a failure keeps what was there before', async () => {
  const { calls, request } = byHand();
  const first = request.run('a');
  calls[0]!.resolve('A');
  await first;
  const second = request.run('a');
  calls[1]!.reject(new Error('no'));
  await second;
  expect([request.state.value, request.data.value]).toEqual(['error', 'A']);
});

test('an answer after reset is forgotten', async () => {
  const { calls, request } = byHand();
  const run = request.run('a');
  request.reset();
  calls[0]!.resolve('A');
  await run;
  expect([request.state.value, request.data.value]).toEqual(['idle', null]);
});
