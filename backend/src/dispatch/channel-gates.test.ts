import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ChannelGates } from './channel-gates.ts';

const CHANNEL = '1 sms';
const OTHER = '1 waba';

describe('a channel told to slow down', () => {
  test('is closed for as long as it asked, and for nobody else', () => {
    const gates = new ChannelGates();
    gates.slowDown(CHANNEL, 3000, 1000);
    expect(gates.admit(CHANNEL, 1500)).toBe(2500);
    expect(gates.admit(CHANNEL, 4000)).toBe(0);
    expect(gates.admit(OTHER, 1500)).toBe(0);
  });

  test('lets through half as much each time, what came together counting once, and wins it back', () => {
    const gates = new ChannelGates();
    gates.slowDown(CHANNEL, 0, 1000);
    gates.slowDown(CHANNEL, 0, 1500);
    expect(gates.share(CHANNEL, 1500)).toBeCloseTo(0.5, 1);
    gates.slowDown(CHANNEL, 0, 2000);
    expect(gates.share(CHANNEL, 2000)).toBeCloseTo(0.25, 1);
    expect(gates.share(CHANNEL, 12_000)).toBeCloseTo(0.5, 1);
    expect(gates.share(CHANNEL, 120_000)).toBe(1);
    expect(gates.share(OTHER, 2000)).toBe(1);
  });
});

describe('a channel that does not answer', () => {
  const broken = () => {
    const gates = new ChannelGates();
    expect([1, 2, 3].map((n) => gates.failed(CHANNEL, n))).toEqual([0, 0, 2]);
    return gates;
  };

  test('is out of order from the third time on, until anybody gets through', () => {
    const gates = broken();
    expect([gates.isOutOfOrder(CHANNEL), gates.isOutOfOrder(OTHER)]).toEqual([true, false]);
    gates.answered(CHANNEL, 5);
    expect(gates.isOutOfOrder(CHANNEL)).toBe(false);
  });

  test('stays open while it may be chance', () => {
    const gates = new ChannelGates();
    gates.failed(CHANNEL, 1);
    gates.failed(CHANNEL, 2);
    gates.answered(CHANNEL, 3);
    gates.failed(CHANNEL, 4);
    gates.failed(CHANNEL, 5);
    expect(gates.admit(CHANNEL, 6)).toBe(0);
  });

  test('is then tried by one campaign at a time, the others wait', () => {
    const gates = broken();
    expect(gates.admit(CHANNEL, 100)).toBeGreaterThan(800);
    expect(gates.admit(CHANNEL, 1100)).toBe(0);
    expect(gates.admit(CHANNEL, 1101)).toBeGreaterThan(0);
    gates.answered(CHANNEL, 1200);
    expect(gates.admit(CHANNEL, 1201)).toBe(0);
    expect(gates.admit(CHANNEL, 1202)).toBe(0);
  });

  test('is tried more and more seldom, up to once a minute; what fails with it does not count again', () => {
    const gates = broken();
    let now = 3;
    const waits: number[] = [];
    for (let trial = 0; trial < 9; trial += 1) {
      const wait = gates.admit(CHANNEL, now);
      waits.push(Math.round(wait / 1000));
      now += wait;
      expect(gates.admit(CHANNEL, now)).toBe(0);
      gates.failed(CHANNEL, now);
      gates.failed(CHANNEL, now);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('tells for how long', () => {
    const gates = broken();
    expect(gates.failed(CHANNEL, 900_001)).toBe(900_000);
  });
});

test('whatever happens, nobody waits for ever and the share is never more than the rate', () => {
  const event = fc.record({
    kind: fc.constantFrom('slow', 'failed', 'answered', 'admit'),
    afterMs: fc.nat(60_000),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const gates = new ChannelGates();
      let now = 0;
      for (const { kind, afterMs } of events) {
        now += afterMs / 10;
        if (kind === 'slow') gates.slowDown(CHANNEL, afterMs, now);
        else if (kind === 'failed') gates.failed(CHANNEL, now);
        else if (kind === 'answered') gates.answered(CHANNEL, now);
        // Sums of tenths of milliseconds are not exact.
        expect(gates.admit(CHANNEL, now)).toBeLessThanOrEqual(60_000.001);
        const share = gates.share(CHANNEL, now);
        expect(share > 0 && share <= 1).toBe(true);
      }
      expect(gates.admit(CHANNEL, now + 70_000)).toBe(0);
    }),
  );
});
