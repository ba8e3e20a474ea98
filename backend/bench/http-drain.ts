import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { DataSource } from 'typeorm';
import { Agent, request } from 'undici';
import { HostClient } from '../src/channels/host/host-client.ts';
import { HostMessenger } from '../src/channels/host/host-messenger.ts';
import { Installations } from '../src/channels/installations.ts';
import type { Config } from '../src/config.ts';
import type { GrantedRow } from '../src/dispatch/claim.ts';
import type { GatewayAnswer } from '../src/dispatch/gateway.ts';
import { channelOf, referenceOf, runOf } from '../src/dispatch/names.ts';
import { RunContents } from '../src/dispatch/run-contents.ts';
import { seal } from '../src/host/secrets.ts';
import { Turns } from '../src/turns.ts';
import { drain, type Send } from './drain.ts';

/** As in production, see config.ts. */
const CONCURRENCY = 50;
/** As many as the dispatcher takes. */
const CAMPAIGNS_AT_ONCE = 500;
const config = {
  channelConcurrency: CONCURRENCY,
  requestTimeoutMs: 5000,
  secretsKeys: [randomBytes(32)],
} as unknown as Config;
const TOKEN = 'bench-token-of-the-usual-length-0123456789';

export interface Provider {
  url: string;
}

/** A provider in a process of its own for as long as the work lasts. */
export async function withProvider<T>(work: (provider: Provider) => Promise<T>): Promise<T> {
  const child = fork(new URL('./provider.js', import.meta.url));
  try {
    const [port] = (await once(child, 'message')) as [number];
    return await work({ url: `http://127.0.0.1:${port}` });
  } finally {
    child.kill('SIGKILL');
  }
}

/** Every message over HTTP as in production: its text composed, the installation's token, an answer understood. */
export async function drainOverHttp(dataSource: DataSource, messages: number): Promise<void> {
  const client = new HostClient(new Installations(dataSource, config), config);
  const contents = new RunContents(dataSource);
  await readAhead(dataSource, contents);
  await drain(dataSource, messages, sendThrough(new HostMessenger(client), contents));
  await client.onApplicationShutdown();
}

/** What is sent, read by as many runs at once as the dispatcher reads. */
async function readAhead(dataSource: DataSource, contents: RunContents): Promise<void> {
  const runs = (await dataSource.query(
    `select account_id as "accountId", id as "campaignId", run from campaign`,
  )) as { accountId: number; campaignId: number; run: number }[];
  for (let at = 0; at < runs.length; at += CAMPAIGNS_AT_ONCE) {
    await contents.readAhead(runs.slice(at, at + CAMPAIGNS_AT_ONCE));
  }
}

/** Of every account its own, as its secret is bound to the installation's id. */
export async function install(dataSource: DataSource, url: string): Promise<void> {
  await dataSource.query('delete from installation');
  const accounts = (await dataSource.query('select id from account')) as { id: number }[];
  for (const { id } of accounts) {
    const installation = `bench-${id}`;
    await dataSource.query(
      `insert into installation (account_id, id, sequence, state, origins, api_base_url, token_url, access_token, webhook_secret)
       values ($1, $2, 1, 'active', '{}', $3, $3, $4, $4)`,
      [id, installation, url, seal(TOKEN, config.secretsKeys, installation)],
    );
  }
}

function sendThrough(gateway: HostMessenger, contents: RunContents): Send {
  const turns = new Turns(CONCURRENCY);
  return async (grant, rows) => {
    if (rows.length === 0) return [];
    const run = await contents.load(grant, rows);
    const { accountId } = grant;
    const { channelId } = run.content;
    const channel = channelOf({ accountId, channelId });
    const campaignReference = runOf(grant);
    const send = (row: GrantedRow): Promise<GatewayAnswer> => {
      const { content, problem } = run.compose(row);
      if (problem) throw new Error(problem);
      const reference = referenceOf(grant, row);
      const message = { accountId, channelId, phone: row.phone, content, reference, campaignReference };
      return gateway.send(message, () => true);
    };
    return new Promise((done, failed) => {
      const answers: GatewayAnswer[] = [];
      let open = rows.length;
      const answered = (at: number, answer: GatewayAnswer) => {
        answers[at] = answer;
        turns.free(channel);
        if (--open === 0) done(answers);
      };
      rows.forEach((row, at) => {
        const begin = () => void send(row).then((answer) => answered(at, answer), failed);
        turns.take(channel, { isOver: false, begin });
      });
    });
  };
}

/** As many POSTs of such a body with such headers, and nothing else: no queue, no database, no other text. */
export async function postBare(url: string, messages: number): Promise<void> {
  const dispatcher = new Agent({ connections: CONCURRENCY, keepAliveTimeout: 30_000 });
  const body = JSON.stringify({
    channel_id: 'channel',
    to: { type: 'phone', value: '+79120000000' },
    text: 'Hello Name 123',
    client_ref: '100:20:1:150',
    campaign_ref: '100:20:1',
  });
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    'content-type': 'application/json',
    'idempotency-key': '100:20:1:150',
  };
  let next = 0;
  const work = async () => {
    while (next++ < messages) {
      const answer = await request(`${url}/v1/messages`, { method: 'POST', dispatcher, headers, body });
      await answer.body.text();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  await dispatcher.close();
}
