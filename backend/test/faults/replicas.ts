import { accountOf, completed, refOf, type Account, type Started } from './account.ts';
import type { Replica } from './replica.ts';
import { pause, until } from './waiting.ts';
import { World, type Replicas, type SandboxSettings } from './world.ts';

/** Different ones, so that grants of one message and of five, and every spacing, are hit. */
const RATES = [300, 120, 60, 240, 30] as const;
const LONG_RATE = 60;
/** How long a campaign is under way, in seconds. */
const CAMPAIGN_SECONDS = 9;
/** A new one so often: about eight are under way at any time, and no kill hits idle processes. */
const EVERY_MS = 1200;
/** So many begin with no wait between them. */
const AT_ONCE = 5;
/** About what a round takes. */
const SECONDS_A_ROUND = 3;
/** What a dead process was sending must be in other hands within this. */
export const TAKE_OVER_MS = 10_000;

/** A campaign that was a process's when it was harmed. */
export interface Orphan {
  id: number;
  at: number;
  /** Not only what was in hand is left of it: that waits for its lease to end, up to nine seconds. */
  hasMore: boolean;
}

export interface Harmed extends Account {
  /** Campaigns that a process held when it was harmed. */
  hit: number;
  /** The longest that one of them stood still after it. */
  takeOverMs: number;
}

/** kill -9 of one of three at random moments; the dead one is started again while the others go on. */
export function killReplica(rounds: number, settings: SandboxSettings = {}): Promise<Harmed> {
  return harmReplicas(rounds, { count: 3 }, settings, async ({ world, victim, hit }) => {
    await victim.program!.kill();
    await hit();
    await world.startReplica(victim);
  });
}

/** Stopped for longer than it counts as alive, and woken with everything in its hands out of date. */
export function freezeReplica(rounds: number): Promise<Harmed> {
  return harmReplicas(rounds, { count: 2 }, {}, async ({ victim: { program }, hit }) => {
    program!.freeze();
    await hit();
    await pause(8000 + Math.random() * 3000);
    program!.wake();
  });
}

export interface Harm {
  world: World;
  victim: Replica;
  /** Campaigns that were the victim's when it was chosen. */
  ids: readonly number[];
  round: number;
  /** Tells that it has just happened: what the victim holds at this moment must be in other hands soon. */
  hit(): Promise<void>;
}

/** @param harm harms a replica and sees it back */
export async function harmReplicas(
  rounds: number,
  replicas: Replicas,
  settings: SandboxSettings,
  harm: (harm: Harm) => Promise<void>,
): Promise<Harmed> {
  const world = await World.open(settings, replicas);
  const traffic = new Traffic(world, rounds * SECONDS_A_ROUND);
  try {
    await traffic.begin();
    const orphans: Orphan[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await pause(Math.random() * 2000);
      const { victim, ids } = await busyOne(world, replicas.victims ?? (() => true));
      const hit = async () => {
        const at = Date.now();
        const held = await heldBy(world, victim).catch(() => ids.map((id) => ({ id, hasMore: true })));
        orphans.push(...held.map((each) => ({ ...each, at })));
      };
      await harm({ world, victim, ids, round, hit });
    }
    const campaigns = await traffic.end();
    const told = (settings.receipts as { enabled?: boolean } | undefined)?.enabled !== false;
    await completed(world, campaigns, 180_000, told ? undefined : ({ state }) => state === 'completed');
    const takeOverMs = await longestStandstill(world, campaigns, orphans);
    return { ...(await accountOf(world, campaigns, rounds)), hit: orphans.length, takeOverMs };
  } finally {
    await traffic.end().catch(() => undefined);
    await world.close();
  }
}

/** Campaigns that begin one after another for as long as a scenario needs them. */
export class Traffic {
  private readonly campaigns: Started[] = [];
  private running: Promise<void> | null = null;
  private over = false;

  /** @param seconds how long the first one is to be under way: longer than a minute where there is time for it */
  constructor(
    private readonly world: World,
    private readonly seconds: number,
  ) {}

  /** Resolves when the first messages have left. */
  async begin(): Promise<void> {
    this.running = this.feed();
    this.running.catch(() => undefined);
    await until('the first messages leave', 30_000, async () => (await this.world.stats()).accepted > 0);
  }

  /** @returns all that have begun */
  async end(): Promise<Started[]> {
    this.over = true;
    await this.running;
    return this.campaigns;
  }

  private async feed(): Promise<void> {
    while (!this.over) {
      const number = this.campaigns.length + 1;
      const rate = number === 1 ? LONG_RATE : RATES[number % RATES.length]!;
      const seconds = number === 1 ? Math.max(this.seconds, CAMPAIGN_SECONDS) : CAMPAIGN_SECONDS;
      const messages = Math.ceil((rate * seconds) / 60);
      const id = await this.world.campaignSurely(number, messages, rate);
      this.campaigns.push({ id, messages, rate });
      await this.world.begin(id);
      if (number >= AT_ONCE) await pause(EVERY_MS);
    }
  }
}

/** One that is sending: half of the harm would hit one that is not. */
export async function busyOne(
  world: World,
  mayBe: (number: number) => boolean,
): Promise<{ victim: Replica; ids: number[] }> {
  let busy: { victim: Replica; ids: number[] }[] = [];
  await until('a replica has campaigns', 30_000, async () => {
    const all = world.replicas
      .filter((_, number) => mayBe(number))
      .map(async (victim) => {
        const held = await heldBy(world, victim);
        return { victim, ids: held.filter(({ hasMore }) => hasMore).map(({ id }) => id) };
      });
    busy = (await Promise.all(all)).filter(({ ids }) => ids.length > 0);
    return busy.length > 0;
  });
  return busy[Math.floor(Math.random() * busy.length)]!;
}

function heldBy(world: World, { owners }: Replica): Promise<{ id: number; hasMore: boolean }[]> {
  return world.query(
    `select id, cursor < last_position as "hasMore" from campaign where state = 'running' and owner = $1::uuid`,
    [owners.at(-1)],
  );
}

/** From the harm to the next message that the provider accepted, or to the next harm that hit the same campaign. */
async function longestStandstill(
  world: World,
  campaigns: readonly Started[],
  orphans: readonly Orphan[],
): Promise<number> {
  let longest = 0;
  for (const { id } of campaigns) {
    const times = await world.acceptedAt(refOf(id));
    const harms = orphans.filter((orphan) => orphan.id === id);
    for (const { at, hasMore } of harms) {
      // What was on the wire at the kill arrives in the first moments and tells nothing.
      const next = times.find((time) => time > at + 200);
      const again = harms.some((other) => other.at > at && (next === undefined || other.at < next));
      if (hasMore && next !== undefined && !again) longest = Math.max(longest, next - at);
    }
  }
  return longest;
}
