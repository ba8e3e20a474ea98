import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from '../../config.ts';
import { openDatabase } from '../../database/open-database.ts';
import { connect, ConnectError, disconnect } from './connect.ts';

const USAGE = `CHATWOOT_TOKEN=… npm run chatwoot:connect -- --host ISSUER --tenant ID --url https://chatwoot.example.com --account 1
npm run chatwoot:connect -- --host ISSUER --tenant ID --disconnect`;

const WHY = {
  kind: 'not used: campaigns go through WhatsApp and SMS inboxes, and not through Twilio’s WhatsApp',
  locked: 'not used: it is locked to a single conversation. Switch that off in the settings of the inbox',
  survey: 'not used: its CSAT survey would write to customers. Switch that off, or take an inbox of its own',
};

/** `npm run chatwoot:connect`; the token comes by the environment, so that no list of processes shows it. */
try {
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      tenant: { type: 'string' },
      url: { type: 'string' },
      account: { type: 'string' },
      disconnect: { type: 'boolean', default: false },
    },
  });
  const { host, tenant, url, account } = values;
  // eslint-disable-next-line no-restricted-syntax -- the entry of a command, as main.ts is
  const env = process.env;
  const token = env['CHATWOOT_TOKEN'];
  if (!host || !tenant) throw new ConnectError(USAGE);
  const config = readConfig(env);
  const database = await openDatabase(config);
  try {
    if (values.disconnect) {
      const was = await disconnect(database.dataSource, { host, tenant });
      process.stdout.write(was ? 'Messages go through the host again.\n' : 'It was not connected.\n');
    } else {
      if (!url || !/^[1-9]\d{0,8}$/.test(account ?? '') || !token) throw new ConnectError(USAGE);
      const chatwoot = { url, account: Number(account), token };
      for (const { inbox, unfit } of await connect(database.dataSource, config, { host, tenant }, chatwoot)) {
        process.stdout.write(`${inbox.id} ${inbox.name}: ${unfit === null ? 'can be used' : WHY[unfit]}\n`);
      }
      process.stdout.write('Connected: messages go through Chatwoot from the next Start on.\n');
    }
  } finally {
    await database.close();
  }
} catch (error) {
  const isExpected = error instanceof ConfigError || error instanceof ConnectError;
  console.error(isExpected ? error.message : error);
  process.exit(1);
}
