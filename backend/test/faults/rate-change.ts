import type { Campaign } from '../../../contract/campaign.ts';
import { grantSize, LATENESS, SPREAD, spacing } from '../../src/dispatch/pacing.ts';
import { accountOf, completed, JITTER_MS, mostWithin, refOf, type Account } from './account.ts';
import { pause, until } from './waiting.ts';
import { World } from './world.ts';

/** Up and down, far and near. The first low one is held for longer than a minute, so that whole windows lie behind it. */
const PHASES = [
  { rate: 300, seconds: 10 },
  { rate: 30, seconds: 63 },
  { rate: 240, seconds: 8 },
  { rate: 60, seconds: 8 },
  { rate: 300, seconds: 6 },
  { rate: 1, seconds: 8 },
  { rate: 300, seconds: 6 },
];

interface Phase {
  rate: number;
  /** When the change was answered, and when the next was asked for. */
  from: number;
  to: number;
}

export interface RateFound {
  /** Beyond the greatest rate in force at any moment of 60 seconds. */
  overGreatest: number;
  /** Beyond what the new rate lets through after its change was answered. */
  overNew: number;
  /** The rate took hold so slowly that a phase sent less than nine tenths of its due. */
  tooSlow: number;
}

/**
 * The rule, for messages counted where they arrive:
 * 1. Any 60 seconds hold at most the greatest rate that was in force at any moment of them: what left at the old rate
 *    cannot be taken back.
 * 2. After a change is answered the new rate holds. What was in a process's hands at that moment (a second's worth of the
 *    old rate) may still leave at the old pace, and the queue waits for it at the new one: any 60 seconds that begin
 *    after the answer hold at most the new rate, or what was in hand where that is more.
 */
export async function rateChange(rounds: number): Promise<Account & RateFound> {
  const world = await World.open({}, { count: 2 });
  try {
    const found = { overGreatest: 0, overNew: 0, tooSlow: 0 };
    const campaigns = [];
    for (let round = 0; round < rounds; round += 1) {
      const messages = 400;
      const rate = PHASES[0]!.rate;
      const id = await world.campaign(round + 1, messages, rate);
      await world.control(id, 'start');
      await until('it sends', 30_000, async () => (await world.stats(refOf(id))).accepted > 0);
      const phases = await playPhases(world, id);
      await completed(world, [{ id }], 180_000);
      judge(await world.acceptedAt(refOf(id)), phases, found);
      campaigns.push({ id, messages, rate: Math.max(...PHASES.map((phase) => phase.rate)) });
    }
    return { ...(await accountOf(world, campaigns, rounds)), ...found };
  } finally {
    await world.close();
  }
}

async function playPhases(world: World, id: number): Promise<Phase[]> {
  const phases: Phase[] = [];
  for (const { rate, seconds } of PHASES) {
    const { version } = await world.get(id);
    const asked = Date.now();
    if (phases.length > 0) phases.at(-1)!.to = asked;
    await world.api<Campaign>('PATCH', `/campaigns/${id}`, { version, settings: { ratePerMinute: rate } });
    phases.push({ rate, from: Date.now(), to: Infinity });
    await pause(seconds * 1000);
  }
  return phases;
}

function judge(times: readonly number[], phases: readonly Phase[], found: RateFound): void {
  times.forEach((from, first) => {
    const until = from + 60_000;
    const count = times.slice(first).findIndex((time) => time >= until);
    const inWindow = count < 0 ? times.length - first : count;
    // A change under way is in force from the moment it was asked for, and the old rate until it is answered.
    const inForce = phases.filter((phase, at) => {
      const begun = at === 0 ? -Infinity : phases[at - 1]!.to;
      const over = phases[at + 1]?.from ?? Infinity;
      return begun < until && over + JITTER_MS > from;
    });
    const greatest = Math.max(...inForce.map(({ rate }) => rate));
    found.overGreatest = Math.max(found.overGreatest, inWindow - greatest);
  });
  phases.forEach(({ rate, from, to }, at) => {
    if (at === 0) return;
    const inHand = grantSize(phases[at - 1]!.rate);
    const within = times.filter((time) => time >= from + JITTER_MS && time < to);
    const most = Math.max(rate, inHand);
    const seconds = Math.min(10, (to - from) / 1000);
    const inSeconds =
      Math.floor((seconds + LATENESS + SPREAD + JITTER_MS / 1000) / spacing(rate)) + 1 + inHand;
    found.overNew = Math.max(
      found.overNew,
      mostWithin(within, 60_000) - most,
      mostWithin(within, seconds * 1000) - inSeconds,
    );
    // A second and a half passes until another process has taken it up.
    const due = Math.floor((((to - from) / 1000 - 1.5) / spacing(rate)) * 0.9) - inHand;
    if (Number.isFinite(to) && within.length < due) found.tooSlow += 1;
  });
}
