import type { DataSource } from 'typeorm';
import type { RunContent } from '../src/dispatch/compose.ts';

/** Rows for tests; each call shows only what matters to its test. */
export interface CampaignSpec {
  accountId?: number;
  name?: string;
  state?: 'draft' | 'running' | 'paused' | 'completed';
  rate?: number;
  phones?: string[];
  content?: Partial<RunContent>;
  removeDuplicates?: boolean;
}

export interface TestCampaign {
  accountId: number;
  campaignId: number;
  run: number;
}

export async function anAccount(dataSource: DataSource, name = 'ООО «Ромашка»'): Promise<number> {
  const [row] = (await dataSource.query(
    `insert into account (host, external_id, name, time_zone)
     values ('test', gen_random_uuid()::text, $1, 'Europe/Moscow') returning id`,
    [name],
  )) as { id: number }[];
  return row!.id;
}

export function phoneNumber(n: number): string {
  return `+79${String(120_000_000 + n).padStart(9, '0')}`;
}

/** A campaign whose run is filled and, unless said otherwise, running. */
export async function aCampaign(dataSource: DataSource, spec: CampaignSpec = {}): Promise<TestCampaign> {
  const accountId = spec.accountId ?? (await anAccount(dataSource));
  const phones = spec.phones ?? [phoneNumber(1), phoneNumber(2), phoneNumber(3)];
  const [account] = (
    (await dataSource.query(
      'update account set last_campaign_id = last_campaign_id + 1 where id = $1 returning last_campaign_id as id',
      [accountId],
    )) as [{ id: number }[], number]
  )[0];
  const campaignId = account!.id;
  const content: RunContent = {
    name: spec.name ?? `Campaign ${campaignId}`,
    method: 'sms',
    channelId: 'channel',
    text: 'Hello',
    template: null,
    bindings: {},
    removeDuplicates: spec.removeDuplicates ?? true,
    ...spec.content,
  };
  const key = [accountId, campaignId];
  const rate = spec.rate ?? 300;
  await dataSource.query('insert into campaign (account_id, id, rate) values ($1, $2, $3)', [...key, rate]);
  await dataSource.query(
    `insert into campaign_settings (account_id, campaign_id, name, name_key, method, channel_id, text, remove_duplicates, last_list_id, created_by)
     values ($1, $2, $3, $3, 'sms', 'channel', $4, $5, 1, 'test')`,
    [...key, content.name, content.text, content.removeDuplicates],
  );
  await dataSource.query(
    `insert into list (account_id, campaign_id, id, slot, method, file_name, bytes, encoding, separator, columns, phone_column,
                       rows, contacts, duplicates, refused, refused_by, refused_rows, uploaded_by)
     values ($1, $2, 1, 'main', 'sms', 'phones.csv', 1, 'utf-8', ';', '{Phone}', 0, $3, $3, 0, 0, '{}', '[]', 'test')`,
    [...key, phones.length],
  );
  await dataSource.query(
    `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
     select $1, $2, 1, row_no + 1, phone, false, array[phone] from unnest($3::text[]) with ordinality as p (phone, row_no)`,
    [...key, phones],
  );
  const state = spec.state ?? 'running';
  if (state === 'draft') return { accountId, campaignId, run: 0 };
  await dataSource.query(
    `insert into run (account_id, campaign_id, run, scope, content, started_by) values ($1, $2, 1, 'all', $3, 'test')`,
    [...key, JSON.stringify(content)],
  );
  await dataSource.query(
    'insert into run_list (account_id, campaign_id, run, list_id) values ($1, $2, 1, 1)',
    key,
  );
  await dataSource.query(
    `insert into message (account_id, campaign_id, run, position, list_id, row_no)
     select $1, $2, 1, row_no - 1, 1, row_no from contact where account_id = $1 and campaign_id = $2`,
    key,
  );
  await dataSource.query(
    `update campaign set state = $3::campaign_state, run = 1, last_position = $4, channel_id = $5,
            pause_reason = case when $3 = 'paused' then 'user' end
      where account_id = $1 and id = $2`,
    [...key, state, phones.length, content.channelId],
  );
  return { accountId, campaignId, run: 1 };
}

export interface MessageRow {
  position: number;
  state: string;
  attempt: number;
  reason: string | null;
}

export function messagesOf(
  dataSource: DataSource,
  { accountId, campaignId, run }: TestCampaign,
): Promise<MessageRow[]> {
  return dataSource.query(
    `select position, state, attempt, reason from message
      where account_id = $1 and campaign_id = $2 and run = $3 order by position`,
    [accountId, campaignId, run],
  );
}
