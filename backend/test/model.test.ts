import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isControlAllowed, type CampaignState, type Control } from '../../contract/campaign-states.ts';
import { accountAddsUp } from '../../contract/message-states.ts';
import { ScheduledStarts } from '../src/campaigns/scheduled-starts.ts';
import type { Config } from '../src/config.ts';
import { DispatchDatabase } from '../src/dispatch/dispatch-database.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { Gateway, Gateways } from '../src/dispatch/gateway.ts';
import { RunContents } from '../src/dispatch/run-contents.ts';
import { CONFIG, GATEWAYS } from '../src/tokens.ts';
import { StillApp } from './still-app.ts';

/**
 * One campaign through its whole life in any order: every control at every moment, files that come and go, sending
 * through the real gateway to the sandbox with its receipts, and dispatchers that are dropped in the middle. The model
 * is the table of states; that nobody gets a message twice is read from the provider's ledger.
 */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

type Slot = 'main' | 'additional';

interface Model {
  state: CampaignState;
  /** Rows of the files that are loaded. */
  files: Partial<Record<Slot, number>>;
  runs: number;
}

/** A dispatcher as a process would have it: dropped, it does not answer, record or send any more. */
class Life {
  private dead = false;
  readonly dispatcher: Dispatcher;

  constructor() {
    const { app, database } = still.host;
    const real = app.get<Gateways>(GATEWAYS).host;
    const gateway: Gateway = {
      honoursKeys: true,
      send: (message, leave) => (this.dead ? new Promise(() => undefined) : real.send(message, leave)),
    };
    const { dataSource } = database;
    const contents = new RunContents(dataSource);
    const config = app.get<Config>(CONFIG);
    this.dispatcher = new Dispatcher(
      dataSource,
      app.get(DispatchDatabase),
      contents,
      { host: gateway, chatwoot: gateway },
      config,
    );
  }

  drop(): void {
    this.dead = true;
  }
}

interface Real {
  id: number;
  life: Life;
}

type Command = fc.AsyncCommand<Model, Real>;

const control = (name: Control): Command => ({
  check: () => true,
  toString: () => name,
  run: async (model, real) => {
    const before = await still.api.get(real.id);
    const { status } = await still.api.control(real.id, name);
    const hasFiles = Object.keys(model.files).length > 0;
    if (!isControlAllowed(name, model.state)) expect(status).toBe(409);
    else if ((name === 'start' || name === 'restart') && !hasFiles) expect(status).toBe(422);
    else expect(status).toBe(200);
    if (status === 200) follow(model, name, before.settings.schedule.kind === 'at');
    await check(model, real);
  },
});

function follow(model: Model, name: Control, atATime: boolean): void {
  if (name === 'start' && atATime) model.state = 'scheduled';
  else if (name === 'start' || name === 'restart') {
    model.state = 'running';
    model.runs += 1;
  } else if (name === 'pause') model.state = 'paused';
  else if (name === 'resume') model.state = 'running';
  else model.state = 'draft';
  if (name === 'clear') model.files = {};
}

class Upload implements Command {
  constructor(
    readonly slot: Slot,
    readonly numbers: readonly number[],
  ) {}
  check = () => true;
  toString = () => `upload ${this.slot} ${this.numbers.join(' ')}`;
  async run(model: Model, real: Real): Promise<void> {
    await still.upload(real.id, this.slot, this.numbers);
    model.files[this.slot] = this.numbers.length;
    // What is added to a campaign that is over waits for its Restart.
    await check(model, real);
  }
}

class Remove implements Command {
  constructor(readonly slot: Slot) {}
  check = (model: Readonly<Model>) => model.files[this.slot] !== undefined;
  toString = () => `remove ${this.slot}`;
  async run(model: Model, real: Real): Promise<void> {
    await still.remove(real.id, this.slot);
    delete model.files[this.slot];
    await check(model, real);
  }
}

/** The time of Start: at once, or in an hour. */
class Schedule implements Command {
  constructor(readonly later: boolean) {}
  check = (model: Readonly<Model>) => model.state === 'draft';
  toString = () => (this.later ? 'schedule in an hour' : 'schedule now');
  async run(model: Model, real: Real): Promise<void> {
    const inMoscow = new Date(Date.now() + (3 * 60 + 60) * 60_000).toISOString().slice(0, 16);
    await still.api.change(real.id, {
      schedule: this.later ? { kind: 'at', at: inMoscow } : { kind: 'now' },
    });
    await check(model, real);
  }
}

/** The hour has passed. */
const itsTimeComes: Command = {
  check: (model) => model.state === 'scheduled',
  toString: () => 'its time comes',
  run: async (model, real) => {
    const starts = still.host.app.get(ScheduledStarts);
    await starts.runOnce(new Date(Date.now() + 61 * 60_000));
    const ready = Object.keys(model.files).length > 0;
    model.state = ready ? 'running' : 'draft';
    if (ready) model.runs += 1;
    await check(model, real);
  },
};

/** A grant is taken and sent, and its outcome recorded; or nothing was left, and the run is over. */
const send: Command = {
  check: () => true,
  toString: () => 'send',
  run: async (model, real) => {
    await comeDue(real);
    const { dispatcher } = real.life;
    await dispatcher.runOnce();
    // Waits for what is in hand, as at a stop, but gives nothing back.
    while ((await inHand(real)) > 0) {
      await dispatcher.flush();
      await new Promise((resume) => setTimeout(resume, 20));
    }
    await sawItsEnd(model, real);
    await check(model, real);
  },
};

/** A grant is taken, and its process is gone before it has recorded anything, whatever has left by then. */
class Crash implements Command {
  constructor(readonly afterMs: number) {}
  check = () => true;
  toString = () => `crash after ${this.afterMs} ms`;
  async run(model: Model, real: Real): Promise<void> {
    await comeDue(real);
    await real.life.dispatcher.runOnce();
    await new Promise((resume) => setTimeout(resume, this.afterMs));
    real.life.drop();
    // What was in its hands is missed, as after six seconds, and may be taken over, as after nine.
    await still.query(`update dispatch_process set alive_until = now() - interval '1 s'`);
    await still.query(
      `update dispatch_grant set send_until = now() - interval '1 s', lease_until = now() - interval '1 s'
        where owner is not null`,
    );
    real.life = new Life();
    await sawItsEnd(model, real);
    await check(model, real);
  }
}

async function comeDue({ id, life }: Real): Promise<void> {
  await still.query(
    `update campaign set due_at = now() - interval '1 s', owner = null where account_id = 1 and id = $1`,
    [id],
  );
  await still.query('update dispatch_grant set due_at = now() where owner is null');
  life.dispatcher.wake();
}

async function inHand({ id, life }: Real): Promise<number> {
  const mine = 'select 1 from dispatch_grant where account_id = 1 and campaign_id = $1 and owner = $2::uuid';
  return (await still.query(mine, [id, life.dispatcher.owner])).length;
}

/** A run ends by itself where nothing is queued and nothing is out, and nowhere else. */
async function sawItsEnd(model: Model, { id }: Real): Promise<void> {
  const { state, progress } = await still.api.get(id);
  if (model.state !== 'running' || state !== 'completed') return;
  expect(progress.account.queued + progress.account.sending).toBe(0);
  model.state = 'completed';
}

async function check(model: Model, { id }: Real): Promise<void> {
  const { state, progress } = await still.api.get(id);
  expect(state).toBe(model.state);
  expect(await still.run(id)).toBe(model.runs);
  expect(accountAddsUp(progress.account)).toBe(true);
  for (let run = 1; run <= model.runs; run += 1) {
    expect(accountAddsUp(await still.account(id, run))).toBe(true);
    const stats = still.host.sandbox.ledger.stats('romashka', `1:${id}:${run}`);
    expect({ run, twice: stats.sentTwice }).toEqual({ run, twice: 0 });
  }
}

/** Then nothing is in the way any more: what runs comes to its end, with nobody left out and nothing in doubt. */
async function comesToItsEnd(model: Model, real: Real): Promise<void> {
  if (model.state === 'paused') await control('resume').run(model, real);
  for (let round = 0; model.state === 'running'; round += 1) {
    expect(round).toBeLessThan(20);
    await send.run(model, real);
    await real.life.dispatcher.heal();
  }
  if (model.state !== 'completed') return;
  const { progress } = await still.api.get(real.id);
  const { account } = progress;
  expect({ unknown: account.unknown, failed: account.failed }).toEqual({ unknown: 0, failed: 0 });
  const { distinctPhones } = still.host.sandbox.ledger.stats('romashka', `1:${real.id}:${model.runs}`);
  expect(distinctPhones).toBe(account.sent + account.delivered + account.read);
}

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
const slot = fc.constantFrom<Slot>('main', 'additional');
const commands = fc.commands(
  [
    ...(['start', 'start', 'pause', 'resume', 'resume', 'clear', 'restart', 'cancelSchedule'] as const).map(
      (name) => fc.constant(control(name)),
    ),
    fc.tuple(slot, numbers).map(([where, which]) => new Upload(where, which)),
    slot.map((where) => new Remove(where)),
    fc.boolean().map((later) => new Schedule(later)),
    fc.constant(itsTimeComes),
    fc.constant(send),
    fc.constant(send),
    fc.integer({ min: 0, max: 500 }).map((ms) => new Crash(ms)),
  ],
  { maxCommands: 18 },
);

test('whatever is done to a campaign in whatever order, its state is the table’s, its rows add up and nobody is written to twice', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const id = await still.draft();
      const model: Model = { state: 'draft', files: {}, runs: 0 };
      const real: Real = { id, life: new Life() };
      try {
        await new Upload('main', [1, 2, 3, 4, 5, 6, 7]).run(model, real);
        await control('start').run(model, real);
        await fc.asyncModelRun(() => ({ model, real }), steps);
        await comesToItsEnd(model, real);
      } finally {
        await real.life.dispatcher.stop();
      }
    }),
    { numRuns: 10, interruptAfterTimeLimit: 45_000, endOnFailure: true },
  );
}, 120_000);
