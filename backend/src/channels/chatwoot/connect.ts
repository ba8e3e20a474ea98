/** Lets an account's messages go through Chatwoot from its next Start on, or through its host again. */
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import * as v from 'valibot';
import type { Config } from '../../config.ts';
import { changedRows, rowsOf } from '../../database/rows.ts';
import { checkedOutgoingUrl } from '../../host/outgoing.ts';
import { seal } from '../../host/secrets.ts';
import { HostClient } from '../host/host-client.ts';
import { Installations, type HostAccess } from '../installations.ts';
import { chatwootAccess } from './chatwoot-access.ts';
import { inboxesOf, unfitBecause, type Inbox } from './chatwoot-says.ts';

/** What it needs to hear of; see `eventOf`. */
const SUBSCRIPTIONS = ['message_created', 'message_updated'];

const WebhookSchema = v.object({ url: v.string(), secret: v.pipe(v.string(), v.minLength(16)) });

/** A sentence that says what to do. */
export class ConnectError extends Error {}

/** An account, as its host knows it. */
export interface AccountOf {
  host: string;
  tenant: string;
}

export interface Chatwoot {
  url: string;
  /** The account's number there. */
  account: number;
  /** Of an administrator, from the profile's page: it makes the webhook, too. */
  token: string;
}

/**
 * Looks at the inboxes, makes the webhook and keeps the secrets sealed; may be repeated, also to change the token.
 *
 * @returns every inbox, and why it cannot be used where it cannot
 * @throws ConnectError
 */
export async function connect(
  dataSource: DataSource,
  config: Config,
  account: AccountOf,
  chatwoot: Chatwoot,
): Promise<{ inbox: Inbox; unfit: ReturnType<typeof unfitBecause> }[]> {
  const accountId = await idOf(dataSource, account);
  const url = checkedUrl(chatwoot.url, config);
  const access = chatwootAccess(url, chatwoot.account, chatwoot.token);
  const client = new HostClient(new Installations(dataSource, config), config);
  try {
    const inboxes = inboxesOf(await told(client, access, '/inboxes'));
    const [known] = await rowsOf<{ id: string }>(
      dataSource.manager,
      'select id from chatwoot_connection where account_id = $1 and base_url = $2 and tenant = $3',
      [accountId, url, chatwoot.account],
    );
    // Another place counts its messages anew: events of the two must not be taken for each other.
    const id = known?.id ?? randomUUID();
    const secret = await webhookSecret(client, access, `${config.baseUrl}/api/webhooks/chatwoot/${id}`);
    const sealed = [chatwoot.token, secret].map((text) => seal(text, config.secretsKeys, id));
    await dataSource.manager.query(
      `insert into chatwoot_connection (account_id, id, base_url, tenant, access_token, webhook_secret)
       values ($1, $2, $3, $4, $5, $6)
           on conflict (account_id) do update
          set id = excluded.id, base_url = excluded.base_url, tenant = excluded.tenant, access_token = excluded.access_token,
              webhook_secret = excluded.webhook_secret, connected_at = now()`,
      [accountId, id, url, chatwoot.account, ...sealed],
    );
    return inboxes.map((inbox) => ({ inbox, unfit: unfitBecause(inbox) }));
  } finally {
    await client.onApplicationShutdown();
  }
}

/** What is under way through Chatwoot pauses itself. @returns whether there was a connection */
export async function disconnect(dataSource: DataSource, account: AccountOf): Promise<boolean> {
  const accountId = await idOf(dataSource, account);
  const sql = 'delete from chatwoot_connection where account_id = $1';
  return (await changedRows(dataSource.manager, sql, [accountId])) > 0;
}

async function idOf(dataSource: DataSource, { host, tenant }: AccountOf): Promise<number> {
  const [row] = await rowsOf<{ id: number }>(
    dataSource.manager,
    `select a.id from account a
      where a.host = $1 and a.external_id = $2
        and exists (select from installation i where i.account_id = a.id and i.state <> 'uninstalled')`,
    [host, tenant],
  );
  if (!row)
    throw new ConnectError(
      `The app is not installed in account ${tenant} of ${host}. Install it there first.`,
    );
  return row.id;
}

function checkedUrl(url: string, config: Config): string {
  try {
    return checkedOutgoingUrl(url, config.allowLocalHosts);
  } catch {
    throw new ConnectError(`${url} must be an https address under a public name.`);
  }
}

/** The one for this address: made the first time. */
async function webhookSecret(client: HostClient, access: HostAccess, url: string): Promise<string> {
  const listed = v.safeParse(
    v.object({ payload: v.object({ webhooks: v.array(v.looseObject({ url: v.string() })) }) }),
    await told(client, access, '/webhooks'),
  );
  let webhook: unknown = listed.success && listed.output.payload.webhooks.find((each) => each.url === url);
  if (!webhook) {
    const body = { webhook: { url, subscriptions: SUBSCRIPTIONS } };
    const made = (await told(client, access, '/webhooks', body)) as {
      payload?: { webhook?: unknown };
    } | null;
    webhook = made?.payload?.webhook;
  }
  const read = v.safeParse(WebhookSchema, webhook);
  if (read.success) return read.output.secret;
  throw new ConnectError(
    'Chatwoot gave no secret for its webhook: it signs them from version 4.12 on. Update it.',
  );
}

async function told(client: HostClient, access: HostAccess, path: string, body?: object): Promise<unknown> {
  const longest = 8 * 1024 * 1024;
  const request = { method: body ? 'POST' : 'GET', path, longest, ...(body && { body }) } as const;
  const answer = await client.begin(access, request).answer.catch((error: unknown) => {
    throw new ConnectError(`${access.origin} does not answer (${(error as Error).name}). Check the address.`);
  });
  if (answer.status === 200 && answer.body !== null) return answer.body;
  throw new ConnectError(
    [401, 403, 404].includes(answer.status)
      ? 'Chatwoot does not know this account or this token. Check --account, and take the token of an administrator.'
      : `Chatwoot answered ${answer.status} to ${path}. Try again later.`,
  );
}
