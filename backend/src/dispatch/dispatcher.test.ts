import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { FakeGateway } from '../../test/fake-gateway.ts';
import { runAccount } from '../reports/row-account.ts';
import type { Config } from '../config.ts';
import { accountAddsUp } from '../../../contract/message-states.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { Dispatcher } from './dispatcher.ts';
import { MAX_ATTEMPTS } from './outcome-of.ts';
import { SPREAD } from './pacing.ts';
import { RunContents } from './run-contents.ts';

const config = { requestTimeoutMs: 5000, channelConcurrency: 50, alikeRefusals: 10 } as Config;

let database: TestDatabase;
let hot: DispatchDatabase;
let gateway: FakeGateway;
let dispatcher: Dispatcher;

beforeAll(async () => {
  database = await cloneDatabase();
  hot = new DispatchDatabase(database.dataSource);
});
afterAll(async () => {
  await hot.close();
  await database.drop();
});
beforeEach(() => {
  gateway = new FakeGateway();
  dispatcher = aDispatcher();
});
afterEach(async () => {
  await dispatcher.stop();
  await database.dataSource.query(
    'truncate account cascade; truncate contact, message, dispatch_grant, send_attempt, provider_message, stop_list, dispatch_process',
  );
});

function aDispatcher(): Dispatcher {
  return new Dispatcher(
    database.dataSource,
    hot,
    new RunContents(database.dataSource),
    { host: gateway, chatwoot: gateway },
    config,
  );
}

/** Makes the campaign due now whatever it was granted last, so that a test need not wait for the rate. */
async function due(campaign: TestCampaign): Promise<void> {
  await database.dataSource.query(
    `update campaign set due_at = now() - interval '1 s', owner = null where account_id = $1 and id = $2`,
    [campaign.accountId, campaign.campaignId],
  );
  dispatcher.wake();
  await database.dataSource.query(`update dispatch_grant set due_at = now() where owner is null`);
}

async function claimAll(campaign: TestCampaign): Promise<void> {
  for (;;) {
    await due(campaign);
    if ((await dispatcher.runOnce()) === 0) return;
  }
}

/** A machine that is held up misses slots: what was given back for it is claimed again until all have left. */
async function allLeave(count: number, campaigns: readonly TestCampaign[]): Promise<void> {
  while (gateway.got.length < count) {
    for (const campaign of campaigns) await due(campaign);
    await dispatcher.runOnce();
    await dispatcher.flush();
  }
}

async function stateOf({ accountId, campaignId }: TestCampaign) {
  const [row] = await database.dataSource.query(
    'select state, pause_reason, cursor, due_at > now() as waits from campaign where account_id = $1 and id = $2',
    [accountId, campaignId],
  );
  return row;
}

/** Waits for what the dispatcher does by itself; the test's own limit ends the wait. */
async function becomes(campaign: TestCampaign, state: string): Promise<void> {
  while ((await stateOf(campaign)).state !== state);
}

/** The first messages are in the hands of a process that is gone. */
async function abandon({ accountId, campaignId }: TestCampaign, messages = 2): Promise<void> {
  await database.dataSource.query(
    `insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
     values ($1, $2, 1, 0, $3, gen_random_uuid(), now(), now() - interval '9 s', now() - interval '1 s')`,
    [accountId, campaignId, messages],
  );
  await database.dataSource.query('update campaign set cursor = $1', [messages]);
}

async function attempted({ accountId, campaignId }: TestCampaign, position: number): Promise<void> {
  await database.dataSource.query(
    `insert into send_attempt (account_id, campaign_id, run, position, lease)
     values ($1, $2, 1, $3, now() - interval '1 s')`,
    [accountId, campaignId, position],
  );
}

const doubts = async (campaign: TestCampaign) =>
  (
    await database.dataSource.query('select in_doubt from message where account_id = $1 order by position', [
      campaign.accountId,
    ])
  ).map(({ in_doubt }: { in_doubt: boolean }) => in_doubt);

const states = async (campaign: TestCampaign) =>
  (await messagesOf(database.dataSource, campaign)).map(({ state }) => state);

describe('a run', () => {
  test('sends every message once, with keys made of its identity, and completes', async () => {
    const campaign = await aCampaign(database.dataSource, {
      phones: Array.from({ length: 12 }, (_, i) => phoneNumber(i)),
    });
    await allLeave(12, [campaign]);
    await dispatcher.stop();
    dispatcher = aDispatcher();
    await due(campaign);
    await dispatcher.runOnce();
    const { accountId, campaignId } = campaign;
    expect(new Set(gateway.got.map(({ reference }) => reference))).toEqual(
      new Set(Array.from({ length: 12 }, (_, i) => `${accountId}:${campaignId}:1:${i + 1}`)),
    );
    expect(await states(campaign)).toEqual(Array(12).fill('sent'));
    expect(await stateOf(campaign)).toMatchObject({ state: 'completed' });
  });

  test('claims all that is due in one tick, also more campaigns than fit into a claim', async () => {
    const { accountId } = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    const copies = 500;
    for (const copy of [
      `insert into campaign (account_id, id, rate, state, run, last_position)
       select account_id, n, rate, state, run, last_position from campaign, generate_series(2, $2::int + 1) n where account_id = $1`,
      `insert into run (account_id, campaign_id, run, scope, content, started_by)
       select account_id, n, run, scope, content, started_by from run, generate_series(2, $2::int + 1) n where account_id = $1`,
    ])
      await database.dataSource.query(copy, [accountId, copies]);
    await dispatcher.tick();
    const [claimed] = await database.dataSource.query(
      'select count(*)::int as campaigns from campaign where cursor = last_position',
    );
    expect(claimed.campaigns).toBe(1 + copies);
  });

  test('writes the grant before anything leaves', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    let grants: unknown[] = [];
    gateway.answer = async () => {
      grants = await database.dataSource.query('select low, high, owner from dispatch_grant');
      return { kind: 'accepted', providerId: 'p' };
    };
    await dispatcher.runOnce();
    await gateway.received(1);
    expect(campaign.run).toBe(1);
    expect(grants).toEqual([{ low: 0, high: 1, owner: dispatcher.owner }]);
  });

  test('moves the due time by the spacing of what was granted', async () => {
    const campaign = await aCampaign(database.dataSource, {
      rate: 300,
      phones: Array.from({ length: 20 }, (_, i) => phoneNumber(i)),
    });
    const [before] = await database.dataSource.query('select due_at from campaign');
    expect(await dispatcher.runOnce()).toBe(5);
    const [after] = await database.dataSource.query(
      'select extract(epoch from due_at - $1::timestamptz)::float8 as moved from campaign',
      [before.due_at],
    );
    // Counted from the old due time while that is less than LATENESS ago.
    expect(after.moved).toBeGreaterThanOrEqual((5 * 60.5) / 300 - 0.001);
    expect(await dispatcher.runOnce()).toBe(0);
    expect(await stateOf(campaign)).toMatchObject({ waits: true, cursor: 5 });
  });

  test('two dispatchers never hold the same message', async () => {
    const campaigns = await Promise.all(
      Array.from({ length: 6 }, (_, c) =>
        aCampaign(database.dataSource, {
          phones: Array.from({ length: 30 }, (_, i) => phoneNumber(c * 100 + i)),
        }),
      ),
    );
    const other = aDispatcher();
    for (let round = 0; round < 8; round += 1) {
      await Promise.all(campaigns.map(due));
      other.wake();
      await Promise.all([dispatcher.runOnce(), other.runOnce()]);
    }
    await allLeave(180, campaigns);
    await Promise.all([dispatcher.stop(), other.stop()]);
    const references = gateway.got.map(({ reference }) => reference);
    expect(new Set(references).size).toBe(references.length);
    expect(references.length).toBe(180);
  });
});

describe('what a provider answers', () => {
  const cases = [
    {
      name: 'a refusal fails the message',
      answer: { kind: 'refused', reason: 'recipient_invalid', detail: null, again: false },
      state: 'failed',
      attempt: 0,
      campaign: 'running',
    },
    {
      name: 'later keeps it queued and uses up an attempt',
      answer: { kind: 'later', afterMs: 60_000, detail: 'x' },
      state: 'queued',
      attempt: 1,
      campaign: 'running',
    },
    {
      name: 'too fast keeps it queued and uses up nothing',
      answer: { kind: 'slow', afterMs: 60_000 },
      state: 'queued',
      attempt: 0,
      campaign: 'running',
    },
    {
      name: 'never left keeps it queued and uses up nothing',
      answer: { kind: 'not_sent', detail: 'ECONNREFUSED' },
      state: 'queued',
      attempt: 0,
      campaign: 'running',
    },
    {
      name: 'no balance pauses the campaign with the reason',
      answer: { kind: 'stop', reason: 'balance', detail: 'empty' },
      state: 'queued',
      attempt: 0,
      campaign: 'paused',
    },
  ] as const;
  test.each(cases)('$name', async ({ answer, state, attempt, campaign: campaignState }) => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => answer;
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state, attempt }]);
    expect(await stateOf(campaign)).toMatchObject({ state: campaignState });
    const { account } = await runAccount(
      database.dataSource.manager,
      campaign.accountId,
      campaign.campaignId,
      1,
    );
    expect(accountAddsUp(account)).toBe(true);
  });

  test('no answer is asked again with the same key where keys are honoured, and then is unknown', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => ({ kind: 'no_answer', detail: 'ECONNRESET' });
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await due(campaign);
      await dispatcher.runOnce();
      await gateway.received(attempt);
      await dispatcher.stop();
      dispatcher = aDispatcher();
    }
    expect(new Set(gateway.got.map(({ reference }) => reference)).size).toBe(1);
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([
      { state: 'unknown', reason: 'no_answer' },
    ]);
  });

  test('no answer is unknown at once where keys are not honoured', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => ({ kind: 'no_answer', detail: 'ECONNRESET' });
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(await states(campaign)).toEqual(['unknown']);
  });
});

describe('a process that is gone', () => {
  test('its messages are asked again with the same keys where keys are honoured', async () => {
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    expect(await dispatcher.runOnce()).toBe(2);
    await gateway.received(2);
    await dispatcher.stop();
    expect(await states(campaign)).toEqual(['sent', 'sent', 'queued']);
  });

  test('where keys are not honoured, what it was about to send is unknown and the rest goes out', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    await attempted(campaign, 1);
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(gateway.got.map(({ phone }) => phone)).toEqual([phoneNumber(2)]);
    expect(await states(campaign)).toEqual(['unknown', 'sent', 'queued']);
    expect(await doubts(campaign)).toEqual([true, false, false]);
  });

  test('where keys are not honoured, what is given back untouched is not in doubt, and what may have left stays so', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign, 3);
    await attempted(campaign, 1);
    gateway.connect = async () => {
      await dispatcher.silence(campaign.accountId, campaign.campaignId);
    };
    await dispatcher.runOnce();
    await dispatcher.stop();
    expect(gateway.got).toEqual([]);
    expect(await states(campaign)).toEqual(['unknown', 'queued', 'queued']);
    expect(await doubts(campaign)).toEqual([true, false, false]);
  });

  test('where keys are not honoured, a message in doubt is never sent', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await database.dataSource.query('update message set in_doubt = true');
    await dispatcher.runOnce();
    await dispatcher.stop();
    expect(gateway.got).toEqual([]);
    expect(await states(campaign)).toEqual(['unknown']);
  });

  test('a cleared campaign’s left grants are healed', async () => {
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    await database.dataSource.query(`update campaign set state = 'draft'`);
    await dispatcher.heal();
    expect(await states(campaign)).toEqual(['unknown', 'unknown', 'queued']);
    expect(await database.dataSource.query('select 1 from dispatch_grant')).toEqual([]);
  });
});

test('where keys are not honoured, only what was attempted of a cleared campaign’s left grants is in doubt', async () => {
  gateway.honoursKeys = false;
  const campaign = await aCampaign(database.dataSource);
  await abandon(campaign);
  await attempted(campaign, 2);
  await database.dataSource.query(`update campaign set state = 'draft'`);
  await dispatcher.heal();
  expect(await states(campaign)).toEqual(['cancelled', 'unknown', 'queued']);
  expect(await database.dataSource.query('select 1 from send_attempt')).toEqual([]);
});

describe('an attempt, where keys are not honoured', () => {
  const attempts = () => database.dataSource.query('select position from send_attempt order by position');

  test('is on disk before its message leaves, and goes with its grant', async () => {
    gateway.honoursKeys = false;
    await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    let before: unknown;
    gateway.answer = async () => {
      before = await attempts();
      return { kind: 'accepted', providerId: 'p' };
    };
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(before).toEqual([{ position: 1 }]);
    expect(await attempts()).toEqual([]);
  });

  test('that cannot be written lets nothing leave', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await database.dataSource.query('alter table send_attempt rename to send_attempt_away');
    await dispatcher.runOnce();
    await dispatcher.stop();
    await database.dataSource.query('alter table send_attempt_away rename to send_attempt');
    expect(gateway.got).toEqual([]);
    expect(await states(campaign)).toEqual(['queued']);
  });

  test('of another handing out is left when a grant ends; a run that is over leaves none', async () => {
    gateway.honoursKeys = false;
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await attempted(campaign, 1);
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.flush();
    await dispatcher.flush();
    expect(await attempts()).toEqual([{ position: 1 }]);
    await claimAll(campaign);
    await becomes(campaign, 'completed');
    await dispatcher.heal();
    expect(await attempts()).toEqual([]);
  });

  test('is not made where keys are honoured', async () => {
    await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    let before: unknown;
    gateway.answer = async () => {
      before = await attempts();
      return { kind: 'accepted', providerId: 'p' };
    };
    await dispatcher.runOnce();
    await gateway.received(1);
    expect(before).toEqual([]);
  });
});

describe('a message that may have left', () => {
  const doubt = (campaign: TestCampaign) =>
    database.dataSource.query('select in_doubt from message where account_id = $1 order by position', [
      campaign.accountId,
    ]);

  test('is in doubt while it waits to be asked about again', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => ({ kind: 'no_answer', detail: 'ECONNRESET' });
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(await states(campaign)).toEqual(['queued']);
    expect(await doubt(campaign)).toEqual([{ in_doubt: true }]);
  });

  test('is in doubt when the grant of a dead process is taken over and given back', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await abandon(campaign, 1);
    gateway.connect = async () => {
      await dispatcher.silence(campaign.accountId, campaign.campaignId);
    };
    await dispatcher.runOnce();
    await dispatcher.stop();
    expect(gateway.got).toEqual([]);
    expect(await doubt(campaign)).toEqual([{ in_doubt: true }]);
  });

  test('is unknown, not failed, when it is turned away for the last time', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await database.dataSource.query('update message set in_doubt = true, attempt = $1', [MAX_ATTEMPTS - 1]);
    gateway.answer = () => ({ kind: 'later', afterMs: 0, detail: 'busy' });
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(await states(campaign)).toEqual(['unknown']);
  });
});

test('a provider that turns everybody away uses up nobody’s tries, and once it is back everybody is written to', async () => {
  const phones = Array.from({ length: 8 }, (_, n) => phoneNumber(n));
  const campaign = await aCampaign(database.dataSource, { phones, rate: 300 });
  await database.dataSource.query('update message set attempt = $1', [MAX_ATTEMPTS - 2]);
  // Three to find out, one to try again.
  const turnedAway = 4;
  gateway.answer = (_, nth) =>
    nth <= turnedAway
      ? { kind: 'later', afterMs: 0, detail: 'busy' }
      : { kind: 'accepted', providerId: `p${nth}` };
  await allLeave(turnedAway + phones.length, [campaign]);
  await dispatcher.stop();
  const states = (await messagesOf(database.dataSource, campaign)).map(({ state }) => state);
  expect(states).toEqual(phones.map(() => 'sent'));
});

describe('a message whose list was removed while it was in hand', () => {
  const withdraw = () => database.dataSource.query(`update message set reason = 'list_removed'`);

  test('is cancelled and not sent when it is handed out again', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await withdraw();
    await dispatcher.runOnce();
    await dispatcher.stop();
    expect(gateway.got).toEqual([]);
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([
      { state: 'cancelled', reason: 'list_removed' },
    ]);
  });

  test('is unknown where a dead process may have sent it', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await abandon(campaign, 1);
    await withdraw();
    await dispatcher.runOnce();
    await dispatcher.stop();
    expect(gateway.got).toEqual([]);
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([
      { state: 'unknown', reason: 'no_answer' },
    ]);
  });

  test('keeps its mark when it is given back', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => ({ kind: 'later', afterMs: 60_000, detail: 'busy' });
    gateway.connect = async () => {
      await withdraw();
    };
    await dispatcher.runOnce();
    await gateway.received(1);
    await dispatcher.stop();
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([
      { state: 'queued', attempt: 1, reason: 'list_removed' },
    ]);
  });
});

test('a message whose slot passes while it waits for a connection does not leave and is given back', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  let connected = () => {};
  const connecting = new Promise<void>((done) => (connected = done));
  gateway.connect = () => new Promise((go) => setTimeout(go, SPREAD * 1000)).then(connected);
  await dispatcher.runOnce();
  await connecting;
  await dispatcher.stop();
  expect(gateway.got).toEqual([]);
  expect(await states(campaign)).toEqual(['queued']);
  expect(await database.dataSource.query('select owner from dispatch_grant')).toEqual([{ owner: null }]);
});

describe('a run whose messages are all refused', () => {
  const refused = {
    kind: 'refused',
    reason: 'sender_unknown',
    detail: 'no such sender',
    again: false,
  } as const;
  const tenPhones = Array.from({ length: 15 }, (_, i) => phoneNumber(i));

  test('from the first on for one cause pauses, with the cause', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: tenPhones });
    gateway.answer = () => refused;
    await claimAll(campaign);
    await gateway.received(10);
    await becomes(campaign, 'paused');
    expect(await stateOf(campaign)).toMatchObject({ pause_reason: 'all_refused' });
  });

  test('pauses as well when very many in a row are refused later on', async () => {
    const phones = Array.from({ length: 80 }, (_, i) => phoneNumber(i));
    const campaign = await aCampaign(database.dataSource, { phones });
    await database.dataSource.query(`update message set state = 'sent' where position <= 5`);
    await database.dataSource.query('update campaign set cursor = 5');
    gateway.answer = () => refused;
    await claimAll(campaign);
    await gateway.received(6 * config.alikeRefusals);
    await becomes(campaign, 'paused');
    expect(await stateOf(campaign)).toMatchObject({ pause_reason: 'all_refused' });
  });

  test('goes on where one got through before', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: tenPhones });
    gateway.answer = (_, nth) => (nth === 1 ? { kind: 'accepted', providerId: 'p' } : refused);
    await claimAll(campaign);
    await gateway.received(15);
    await dispatcher.stop();
    expect(await stateOf(campaign)).toMatchObject({ state: 'running' });
  });
});

describe('processes that share campaigns', () => {
  const ownerOf = async (campaign: TestCampaign) =>
    (
      await database.dataSource.query('select owner from campaign where account_id = $1', [
        campaign.accountId,
      ])
    )[0].owner as string | null;

  test('one that is gone is replaced, one that is alive is left alone', async () => {
    const campaign = await aCampaign(database.dataSource);
    const other = aDispatcher();
    await other.runOnce();
    dispatcher.wake();
    await dispatcher.runOnce();
    expect(await ownerOf(campaign)).toBe(other.owner);
    await database.dataSource.query(`update dispatch_process set alive_until = now() where id = $1`, [
      other.owner,
    ]);
    dispatcher.wake();
    await dispatcher.runOnce();
    expect(await ownerOf(campaign)).toBe(dispatcher.owner);
    await other.stop();
  });

  test('an orderly stop leaves its campaigns to the others', async () => {
    const campaign = await aCampaign(database.dataSource);
    await dispatcher.runOnce();
    expect(await ownerOf(campaign)).toBe(dispatcher.owner);
    await dispatcher.stop();
    expect(await ownerOf(campaign)).toBeNull();
  });
});

describe('the watchdog', () => {
  const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);
  const give = (owner: string | null, due: string) =>
    sql(`update campaign set owner = $1, due_at = now() + $2::interval`, [owner, due]);
  const ownerNow = async () => (await sql('select owner from campaign'))[0].owner as string | null;

  test('gives on a campaign that its own process has lost sight of, and it completes', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await dispatcher.runOnce();
    const lost = await aCampaign(database.dataSource, { phones: [phoneNumber(2)] });
    await sql(`update campaign set owner = $1, due_at = now() - interval '2 minutes' where account_id = $2`, [
      dispatcher.owner,
      lost.accountId,
    ]);
    dispatcher.wake();
    expect(await dispatcher.runOnce()).toBe(0);
    expect(await dispatcher.watch()).toBe(1);
    await claimAll(lost);
    await gateway.received(2);
    await dispatcher.flush();
    await dispatcher.flush();
    await claimAll(lost);
    await becomes(lost, 'completed');
    expect(await states(campaign)).toEqual(['sent']);
  });

  test('leaves one alone that waits for its channel', async () => {
    await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    gateway.answer = () => ({ kind: 'slow', afterMs: 60_000 });
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(2)] });
    await dispatcher.runOnce();
    await gateway.received(1);
    await due(campaign);
    await dispatcher.runOnce();
    await sql(`update campaign set owner = $1, due_at = now() - interval '2 minutes'`, [dispatcher.owner]);
    expect(await dispatcher.watch()).toBe(0);
    expect(await ownerNow()).toBe(dispatcher.owner);
  });

  test.each([
    ['that died a moment ago is not its business', 10, 0],
    ['that has long been dead is', 40, 1],
  ])('a campaign of a process %s', async (_name, seconds, helped) => {
    await aCampaign(database.dataSource);
    const other = '00000000-0000-4000-8000-000000000000';
    await give(other, '-2 minutes');
    await sql(`insert into dispatch_process (id, alive_until) values ($1, now() - $2 * interval '1 s')`, [
      other,
      seconds,
    ]);
    expect(await dispatcher.watch()).toBe(helped);
    expect(await ownerNow()).toBe(helped ? null : other);
  });

  test('a grant that nobody takes over is given on with its campaign', async () => {
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    await sql(`update dispatch_grant set lease_until = now() - interval '2 minutes'`);
    await give(dispatcher.owner, '30 s');
    expect(await dispatcher.watch()).toBe(1);
    await due(campaign);
    expect(await dispatcher.runOnce()).toBe(2);
  });

  test.each([
    ['an hour ahead is brought to now', '1 hour', 1],
    ['as far ahead as a provider may ask is kept', '299 s', 0],
  ])('a grant given back whose time is %s', async (_name, ahead, helped) => {
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    await sql(`update dispatch_grant set owner = null, due_at = now() + $1::interval`, [ahead]);
    await give(dispatcher.owner, '30 s');
    expect(await dispatcher.watch()).toBe(helped);
    expect(await sql('select due_at <= now() as due from dispatch_grant')).toEqual([{ due: helped === 1 }]);
  });

  test('one with nothing left that does not complete is told of when it is seen so again', async () => {
    await aCampaign(database.dataSource);
    await sql('update run_list set in_hand = true');
    await sql('update campaign set cursor = last_position');
    await give(dispatcher.owner, '30 s');
    expect(await dispatcher.watch()).toBe(0);
    expect(await dispatcher.watch()).toBe(1);
    await give(null, '30 s');
    expect(await dispatcher.watch()).toBe(0);
  });

  test('the lease of a dead process that ends in an hour ends within the longest there is', async () => {
    const campaign = await aCampaign(database.dataSource);
    await abandon(campaign);
    await sql(
      `update dispatch_grant set send_until = now() + interval '1 hour', lease_until = now() + interval '1 hour'`,
    );
    await give(dispatcher.owner, '30 s');
    expect(await dispatcher.watch()).toBe(1);
    expect(
      await sql(
        `select 1 from dispatch_grant where greatest(send_until, lease_until) < now() + interval '70 s'`,
      ),
    ).toHaveLength(1);
  });
});

test('a hole that a removed list has left in the queue costs no time', async () => {
  const campaign = await aCampaign(database.dataSource, {
    phones: Array.from({ length: 40 }, (_, i) => phoneNumber(i)),
  });
  await database.dataSource.query(`update message set state = 'cancelled' where position between 1 and 38`);
  expect(await dispatcher.runOnce()).toBe(0);
  await due(campaign);
  expect(await dispatcher.runOnce()).toBe(2);
});

test('an outcome that PostgreSQL cannot hold does not keep others from being recorded', async () => {
  const campaign = await aCampaign(database.dataSource, {
    phones: Array.from({ length: 5 }, (_, i) => phoneNumber(i)),
  });
  gateway.answer = (_, nth) =>
    nth === 3
      ? { kind: 'refused', reason: 'refused', detail: 'NUL: \0', again: false }
      : { kind: 'accepted', providerId: `p${nth}` };
  await dispatcher.runOnce();
  await gateway.received(5);
  await dispatcher.stop();
  expect((await states(campaign)).toSorted()).toEqual(['failed', 'sent', 'sent', 'sent', 'sent']);
});

describe('halting a campaign', () => {
  test('gives back what has not left, tells how many are on their way, and nothing leaves after', async () => {
    const campaign = await aCampaign(database.dataSource, {
      phones: Array.from({ length: 5 }, (_, i) => phoneNumber(i)),
    });
    let answer = () => {};
    const answered = new Promise<void>((done) => (answer = done));
    let left = () => {};
    const first = new Promise<void>((done) => (left = done));
    gateway.answer = async () => {
      left();
      await answered;
      return { kind: 'accepted', providerId: 'p' };
    };
    await dispatcher.runOnce();
    await first;
    expect(await dispatcher.silence(campaign.accountId, campaign.campaignId)).toBe(1);
    answer();
    await dispatcher.stop();
    expect(gateway.got).toHaveLength(1);
    expect(await states(campaign)).toEqual(['sent', 'queued', 'queued', 'queued', 'queued']);
    const [grant] = await database.dataSource.query('select owner from dispatch_grant');
    expect(grant).toEqual({ owner: null });
  });
});

test('a number put on the stop list after the start is not written to', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1), phoneNumber(2)] });
  await database.dataSource.query(
    `insert into stop_list (account_id, phone, reason, added_by) values ($1, $2, 'manual', 'test')`,
    [campaign.accountId, phoneNumber(1)],
  );
  await dispatcher.runOnce();
  await gateway.received(1);
  await dispatcher.stop();
  expect(gateway.got.map(({ phone }) => phone)).toEqual([phoneNumber(2)]);
  expect(await states(campaign)).toEqual(['stopped', 'sent']);
});

test('outcomes are kept while the database is away and recorded when it is back', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  await dispatcher.runOnce();
  await gateway.received(1);
  await database.dataSource.query('alter table message rename to message_away');
  await dispatcher.flush();
  await database.dataSource.query('alter table message_away rename to message');
  expect(await states(campaign)).toEqual(['queued']);
  await dispatcher.flush();
  expect(await states(campaign)).toEqual(['sent']);
});
