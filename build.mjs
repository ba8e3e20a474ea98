// Builds dist/: the backend and the sandbox by tsc, the widget by Vite. `node build.mjs backend` builds only the first two.
import { spawnSync } from 'node:child_process';

const only = process.argv[2];

function run(command, ...args) {
  const { status } = spawnSync(process.execPath, [`node_modules/${command}`, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (only !== 'widget') run('typescript/bin/tsc', '-p', 'tsconfig.build.json');
if (only !== 'backend') run('vite/bin/vite.js', 'build', 'widget', '--logLevel', 'warn');
