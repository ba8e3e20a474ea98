import type { Campaign } from '../../contract/campaign.ts';
import type { Correction, ListReplacement } from '../../contract/list.ts';
import type { MessageState, RowAccount } from '../../contract/message-states.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import { runAccount } from '../src/reports/row-account.ts';
import { startApp, type Api, type TestApp } from './app.ts';

/** A message as a test looks at it: by its number, not by its place in the queue. */
export interface PhoneMessage {
  position: number;
  phone: string;
  slot: 'main' | 'additional';
  state: MessageState;
  reason: string | null;
}

/**
 * The whole backend, with nothing handed out by itself: a test says what leaves and what comes of it, and looks at
 * the queue at rest. Numbers are written short: 1 is +79120000001.
 */
export class StillApp {
  readonly host: TestApp;
  readonly api: Api;
  private names = 0;

  private constructor(host: TestApp) {
    this.host = host;
    this.api = host.as('romashka');
  }

  static async start(): Promise<StillApp> {
    const host = await startApp();
    await host.app.get(Dispatcher).stop();
    return new StillApp(host);
  }

  stop(): Promise<void> {
    return this.host.stop();
  }

  async draft(settings: Parameters<Api['change']>[1] = {}): Promise<number> {
    const { id } = await this.api.create(`Campaign ${(this.names += 1)}`);
    const sms = { method: 'sms', channelId: 'sms-romashka-number', text: 'Hello' } as const;
    await this.api.change(id, { ...sms, additionalList: true, ...settings });
    return id;
  }

  /** A file of numbers; a text stands as it is, to be refused. */
  async upload(
    id: number,
    slot: 'main' | 'additional',
    cells: readonly (number | string)[],
  ): Promise<Campaign> {
    const lines = cells.map((cell) => (typeof cell === 'number' ? phoneOf(cell) : cell));
    return (await this.api.upload(id, slot, `Phone\r\n${lines.join('\r\n')}\r\n`).expect(200))
      .body as Campaign;
  }

  /** What that file would do there. */
  async replacement(
    id: number,
    slot: 'main' | 'additional',
    cells: readonly (number | string)[],
  ): Promise<ListReplacement> {
    const lines = cells.map((cell) => (typeof cell === 'number' ? phoneOf(cell) : cell));
    const { body } = await this.api
      .call('post', `/campaigns/${id}/lists/${slot}/replacement`)
      .set('Content-Type', 'text/csv')
      .send(Buffer.from(`Phone\r\n${lines.join('\r\n')}\r\n`))
      .expect(200);
    return body as ListReplacement;
  }

  /** Puts cells of a loaded list's correction file right, in the order in which they are given. */
  async correct(
    id: number,
    slot: 'main' | 'additional',
    mends: readonly (readonly [cell: string, number: number])[],
  ): Promise<Correction> {
    const path = `/campaigns/${id}/lists/${slot}`;
    let text = (await this.api.call('get', `${path}/refused`).buffer(true).expect(200)).text;
    for (const [cell, number] of mends) text = text.replace(`\n${cell};`, `\n${phoneOf(number)};`);
    const { body } = await this.api
      .call('post', `${path}/corrections`)
      .set('Content-Type', 'text/csv')
      .send(Buffer.from(text))
      .expect(200);
    return body.correction as Correction;
  }

  async remove(id: number, slot: 'main' | 'additional'): Promise<Campaign> {
    return (await this.api.call('delete', `/campaigns/${id}/lists/${slot}`).expect(200)).body as Campaign;
  }

  async control(id: number, control: string, body: object = {}): Promise<Campaign> {
    return (await this.api.control(id, control, body).expect(200)).body.campaign as Campaign;
  }

  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.host.database.dataSource.query(sql, parameters) as Promise<Row[]>;
  }

  /** The account of the romashka tenant, the only one these tests use. */
  readonly accountId = 1;

  async run(id: number): Promise<number> {
    const [row] = await this.query<{ run: number }>(
      'select run from campaign where account_id = 1 and id = $1',
      [id],
    );
    return row!.run;
  }

  async messages(id: number, run?: number): Promise<PhoneMessage[]> {
    return this.query<PhoneMessage>(
      `select m.position, c.phone, l.slot, m.state, m.reason
         from message m
         join contact c using (account_id, campaign_id, list_id, row_no)
         join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
        where m.account_id = 1 and m.campaign_id = $1 and m.run = $2 order by m.position`,
      [id, run ?? (await this.run(id))],
    );
  }

  /** `1 main queued` for every message of the run, in the order of the queue. */
  async queue(id: number, run?: number): Promise<string[]> {
    return (await this.messages(id, run)).map(
      ({ phone, slot, state }) => `${Number(phone.slice(5))} ${slot} ${state}`,
    );
  }

  async account(id: number, run?: number): Promise<RowAccount> {
    const { manager } = this.host.database.dataSource;
    return (await runAccount(manager, this.accountId, id, run ?? (await this.run(id)))).account;
  }

  /** What the provider said of the queued messages to these numbers. */
  async settle(
    id: number,
    numbers: readonly number[],
    state: MessageState,
    reason: string | null = null,
  ): Promise<void> {
    await this.query(
      `update message m set state = $3, reason = $4, sent_at = now()
         from contact c
        where c.account_id = 1 and c.campaign_id = $1 and c.phone = any($2)
          and m.account_id = c.account_id and m.campaign_id = c.campaign_id and m.list_id = c.list_id
          and m.row_no = c.row_no and m.state = 'queued'
          and m.run = (select run from campaign where account_id = 1 and id = $1)`,
      [id, numbers.map(phoneOf), state, reason],
    );
  }

  /** The messages at these positions, (low, high], are in another process's hands. */
  async grant(id: number, low: number, high: number): Promise<void> {
    await this.query(
      `insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
       select 1, $1, run, $2, $3, gen_random_uuid(), now(), now(), now() + interval '1 h'
         from campaign where account_id = 1 and id = $1`,
      [id, low, high],
    );
    await this.query('update campaign set cursor = greatest(cursor, $2) where account_id = 1 and id = $1', [
      id,
      high,
    ]);
  }

  /** That process gives back what it has not sent. */
  async giveBack(id: number, low: number): Promise<void> {
    const grant = 'account_id = 1 and campaign_id = $1 and low = $2';
    await this.query(`update dispatch_grant set owner = null where ${grant}`, [id, low]);
  }

  /** Resolves when a statement waits for a lock that somebody else holds. */
  async blocked(): Promise<void> {
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await this.query(waiting)).length === 0) await new Promise((resume) => setTimeout(resume, 5));
  }

  /** Resolves when the campaign is paused for this reason. */
  async paused(id: number, reason: string): Promise<void> {
    await this.api.until(id, ({ pauseReason }) => pauseReason === reason);
  }

  /** Dispatchers of any process heal what is left of campaigns that are over. */
  heal(): Promise<void> {
    return this.host.app.get(Dispatcher).heal();
  }

  /** The run is over: what is left of its queue has been sent. */
  async complete(id: number): Promise<void> {
    await this.query('delete from dispatch_grant where account_id = 1 and campaign_id = $1', [id]);
    await this.query(
      `update message m set state = 'sent', sent_at = now()
         from campaign c
        where c.account_id = 1 and c.id = $1 and m.account_id = 1 and m.campaign_id = c.id and m.run = c.run
          and m.state = 'queued'`,
      [id],
    );
    await this.query(
      `with completed as (
         update campaign set state = 'completed', pause_reason = null, pause_detail = null, cursor = last_position
          where account_id = 1 and id = $1 returning id, run)
       update run r set finished_at = now() from completed c
        where r.account_id = 1 and r.campaign_id = c.id and r.run = c.run`,
      [id],
    );
  }

  /** The report's lines: run, number as in the file, state. */
  async report(id: number): Promise<string[]> {
    const { text } = await this.api.call('get', `/campaigns/${id}/report`).expect(200);
    const lines = text.split('\r\n');
    return lines
      .slice(lines.indexOf('') + 2, -1)
      .map((line) => line.split(';'))
      .map(
        (cells) => `${cells[5] || '-'} ${cells[1]!.replace('+79120', '').replace(/^'0*/, '')} ${cells[6]}`,
      );
  }
}

export function phoneOf(n: number): string {
  return `+7912${String(n).padStart(7, '0')}`;
}
