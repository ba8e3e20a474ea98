import type { HostMessageRequest } from '../../contract/host-api.ts';
import { startSandbox } from '../src/sandbox.ts';
import type { SettingsPatch } from '../src/settings.ts';
import { startStubIntegration } from './stub-integration.ts';

const QUICK: SettingsPatch = {
  seed: 1,
  latencyMs: 0,
  receipts: { enabled: false, delayMs: 0 },
  customers: { replyShare: 0, delayMs: 0 },
};

/** A sandbox with the integration installed in romashka, silent until told otherwise. */
export async function startInstalled(settings: SettingsPatch = {}, dataDir: string | null = null) {
  const integration = await startStubIntegration();
  const sandbox = await startSandbox({ port: 0, backendUrl: integration.url, dataDir });
  integration.trust(sandbox.hosts);
  sandbox.settings.change(QUICK);
  sandbox.settings.change(settings);
  if (sandbox.identity.tenant('romashka').state !== 'active') await sandbox.installs.install('romashka');

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const token = sandbox.identity.tenant('romashka').installation!.accessToken;
    const answer = await fetch(sandbox.url + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
  }

  return {
    integration,
    sandbox,
    call,
    send: (change: Partial<HostMessageRequest> = {}, key = change.client_ref ?? 'acc:7:1:1') =>
      call('POST', '/v1/messages', { ...sms(), ...change }, { 'idempotency-key': key }),
    async stop(): Promise<void> {
      await sandbox.stop();
      await integration.stop();
    },
  };
}

export type Installed = Awaited<ReturnType<typeof startInstalled>>;

export function sms(n = 1): HostMessageRequest {
  return {
    channel_id: 'sms-romashka-number',
    to: { type: 'phone', value: `+7912000${String(n).padStart(4, '0')}` },
    text: 'Привет!',
    client_ref: `acc:7:1:${n}`,
    campaign_ref: 'acc:7:1',
  };
}

export function whatsapp(n = 1): HostMessageRequest {
  const { text: _, ...rest } = sms(n);
  const variables = { 'body.1': 'Анна', 'body.2': 'А-1' };
  return {
    ...rest,
    channel_id: 'wa-romashka-sales',
    template: { id: 'tpl-romashka-order-ready', version: 1, locale: 'ru', variables },
  };
}
