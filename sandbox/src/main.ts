import { join } from 'node:path';
import { startSandbox } from './sandbox.ts';

if (process.env.NODE_ENV === 'production') {
  console.error('The sandbox is a stand-in for a real CRM and does not run where NODE_ENV=production.');
  process.exit(1);
}

const port = Number(process.env.SANDBOX_PORT ?? 4000);
const sandbox = await startSandbox({
  port,
  backendUrl: process.env.BACKEND_URL ?? 'http://127.0.0.1:3000',
  dataDir: join(process.env.DATA_DIR ?? '.data', 'sandbox'),
}).catch((error: NodeJS.ErrnoException) => {
  const busy = error.code === 'EADDRINUSE';
  console.error(busy ? `Port ${port} is taken. Set SANDBOX_PORT to another.` : `sandbox: ${error.message}`);
  process.exit(1);
});
console.log(`Sandbox CRM listening on ${sandbox.url}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void sandbox.stop().then(() => process.exit(0)));
}
