import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { PROJECT_ROOT } from '../../src/project-root.ts';
import { accountOf, completed, type Account } from './account.ts';
import { Traffic } from './replicas.ts';
import { appoint, kept, type ScheduledFound } from './scheduled.ts';
import { Skipped } from './skipped.ts';
import { pause } from './waiting.ts';
import { World } from './world.ts';

const HOUR_MS = 3_600_000;
/** The first is right, and the one that people reach: the others would not believe the host's tokens. */
const SHIFTS_MS = [0, HOUR_MS, -HOUR_MS];

/**
 * Two of three processes are wrong by an hour, one each way: what they send must be neither doubled nor too fast, and
 * what is scheduled must start at its time.
 */
export async function clockReplica(rounds: number): Promise<Account & ScheduledFound> {
  const hook = join(PROJECT_ROOT, 'dist/backend/test/faults/shifted-clock.js');
  const world = await World.open(
    {},
    {
      count: 3,
      reached: (number) => number === 0,
      nodeArgs: () => ['--import', hook],
      env: (number) => ({ CLOCK_SHIFT_MS: String(SHIFTS_MS[number]) }),
    },
  );
  const traffic = new Traffic(world, 20);
  try {
    await traffic.begin();
    const sum = { notOnce: 0, offTime: 0 };
    const appointed = [];
    for (let round = 0; round < rounds; round += 1) {
      const appointment = await appoint(world, 5000 + round * 2, 2);
      const found = await kept(world, appointment);
      sum.notOnce += found.notOnce;
      sum.offTime += found.offTime;
      appointed.push(...appointment.campaigns);
    }
    const campaigns = [...(await traffic.end()), ...appointed];
    await completed(world, campaigns, 180_000);
    return { ...(await accountOf(world, campaigns, rounds)), ...sum };
  } finally {
    await traffic.end().catch(() => undefined);
    await world.close();
  }
}

/** Where the database's clock goes, from the true time, and how long it stays there. Back by an hour stalls for a minute. */
const STEPS = ['+90s', '+0s', '-3600s', '+0s'];
const STEP_MS = 8000;

/** The database's clock jumps, forward and back, while two processes send. */
export async function clockDatabase(rounds: number): Promise<Account> {
  const library = faketime();
  if (!library) throw new Skipped('libfaketime is not installed (Debian: apt-get install faketime)');
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-clock-'));
  chmodSync(folder, 0o755);
  const clock = join(folder, 'clock');
  const set = (offset: string) => writeFileSync(clock, offset, { mode: 0o644 });
  set('+0s');
  const server = await withEnvironment(
    {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    () => startEmbeddedPostgres(join(folder, 'postgres')),
  );
  let world: World | null = null;
  let traffic: Traffic | null = null;
  try {
    world = await World.open({}, { count: 2, databaseUrl: server.url });
    traffic = new Traffic(world, 60);
    await traffic.begin();
    for (let round = 0; round < rounds; round += 1) {
      for (const step of STEPS) {
        set(step);
        await pause(STEP_MS);
      }
    }
    const campaigns = await traffic.end();
    await completed(world, campaigns, 240_000);
    return await accountOf(world, campaigns, rounds);
  } finally {
    await traffic?.end().catch(() => undefined);
    await world?.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function faketime(): string | null {
  for (const folder of [
    '/usr/lib',
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/local/lib',
  ]) {
    const found = join(folder, 'faketime', 'libfaketime.so.1');
    if (existsSync(found)) return found;
  }
  return null;
}

/** For what takes its environment from ours. */
async function withEnvironment<T>(values: Record<string, string>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, values);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(values)) delete process.env[name];
  }
}
