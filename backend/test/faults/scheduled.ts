import type { Campaign } from '../../../contract/campaign.ts';
import { accountOf, completed, refOf, type Account, type Started } from './account.ts';
import { until } from './waiting.ts';
import { World } from './world.ts';

/** Where the sandbox's account is. */
const ZONE = 'Europe/Moscow';
/** A time nearer than this might pass while the campaign is being set up. */
const AHEAD_MS = 8000;
const MESSAGES = 20;
const RATE = 120;

/** How late a start may be that is looked for every second, and its first message. */
const START_WITHIN_MS = 5000;

export interface ScheduledFound {
  /** Started more or fewer times than once. */
  notOnce: number;
  /** First messages that left before their time, or more than five seconds after. */
  offTime: number;
}

export interface Appointment {
  campaigns: Started[];
  at: number;
}

/** Three processes look for what is due, and each campaign is started by one of them, once. */
export async function scheduleOnce(rounds: number): Promise<Account & ScheduledFound> {
  const world = await World.open({}, { count: 3 });
  try {
    const all: Started[] = [];
    const sum = { notOnce: 0, offTime: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const appointment = await appoint(world, round * 4 + 1, 4);
      const found = await kept(world, appointment);
      sum.notOnce += found.notOnce;
      sum.offTime += found.offTime;
      all.push(...appointment.campaigns);
    }
    return { ...(await accountOf(world, all, rounds)), ...sum };
  } finally {
    await world.close();
  }
}

/** Some campaigns that wait for the next full minute. */
export async function appoint(world: World, firstNumber: number, count: number): Promise<Appointment> {
  const at = Math.ceil((Date.now() + AHEAD_MS) / 60_000) * 60_000;
  const campaigns: Started[] = [];
  for (let number = firstNumber; number < firstNumber + count; number += 1) {
    const id = await world.campaign(number, MESSAGES, RATE);
    const { version } = await world.get(id);
    const settings = { schedule: { kind: 'at', at: clockTime(at) } };
    await world.api<Campaign>('PATCH', `/campaigns/${id}`, { version, settings });
    await world.control(id, 'start');
    campaigns.push({ id, messages: MESSAGES, rate: RATE });
  }
  return { campaigns, at };
}

export async function kept(world: World, { campaigns, at }: Appointment): Promise<ScheduledFound> {
  const left = async ({ id }: Started) => (await world.get(id).catch(() => null))?.state !== 'scheduled';
  await until('no campaign waits for its time', at - Date.now() + 60_000, async () => {
    return (await Promise.all(campaigns.map(left))).every(Boolean);
  });
  await completed(world, campaigns, 120_000);
  const found = { notOnce: 0, offTime: 0 };
  for (const { id } of campaigns) {
    const starts = await world.query(
      `select 1 from campaign_event where account_id = 1 and campaign_id = $1 and to_state = 'running'`,
      [id],
    );
    found.notOnce += starts.length === 1 ? 0 : 1;
    const [first] = await world.acceptedAt(refOf(id));
    found.offTime += first !== undefined && first >= at && first < at + START_WITHIN_MS ? 0 : 1;
  }
  return found;
}

/** `2026-11-24T10:00` in the account's zone, as people enter it. */
function clockTime(at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'short' })
    .format(at)
    .replace(' ', 'T');
}
