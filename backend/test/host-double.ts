import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Installations } from '../src/channels/installations.ts';
import type { TestApp } from './app.ts';

/** The API of one account's host, in place of the sandbox: it answers what it is told to, or never. */
export interface HostDouble {
  asked: { request: IncomingMessage; response: ServerResponse }[];
  close(): Promise<void>;
}

/** @param feed answers for the feed of events; left out, there is none */
export async function hostDouble(
  host: TestApp,
  accountId: number,
  feed: RequestListener = (_request, response) => response.writeHead(404).end(),
): Promise<HostDouble> {
  const asked: HostDouble['asked'] = [];
  const server = createServer((request, response) => {
    if (request.url!.startsWith('/v1/events')) feed(request, response);
    else asked.push({ request, response });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const moveTo = async (address: string) => {
    await host.database.dataSource.query('update installation set api_base_url = $1 where account_id = $2', [
      address,
      accountId,
    ]);
    host.app.get(Installations).forget(accountId);
  };
  await moveTo(url);
  return {
    asked,
    close: async () => {
      await moveTo(host.sandbox.url);
      server.close();
      server.closeAllConnections();
    },
  };
}
