// `npm start`: builds what is out of date, starts the sandbox CRM and the backend, and says what to open.
// `--watch` builds and restarts on every change. With NODE_ENV=production it starts the backend alone.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
if (existsSync('.env')) process.loadEnvFile('.env');

const watching = process.argv.includes('--watch');
const production = process.env.NODE_ENV === 'production';
const port = process.env.PORT ?? '3000';
const sandboxPort = process.env.SANDBOX_PORT ?? '4000';
const dataDir = resolve(process.env.DATA_DIR ?? '.data');
const STAMP = 'dist/.built';
const READY_WITHIN_MS = 90_000;
const IMPATIENT_AFTER_MS = 2000;

const PROGRAMS = {
  sandbox: {
    file: 'dist/sandbox/src/main.js',
    health: `http://127.0.0.1:${sandboxPort}/health`,
    env: { SANDBOX_PORT: sandboxPort, BACKEND_URL: process.env.BACKEND_URL ?? `http://127.0.0.1:${port}` },
  },
  backend: {
    file: 'dist/backend/src/main.js',
    health: `http://127.0.0.1:${port}/health`,
    env: production
      ? {}
      : {
          PORT: port,
          HOSTS_FILE: process.env.HOSTS_FILE ?? join(dataDir, 'sandbox', 'hosts.json'),
          ALLOW_LOCAL_HOSTS: process.env.ALLOW_LOCAL_HOSTS ?? 'true',
        },
  },
};

/** name → child */
const children = new Map();
const restarting = new Set();
let stopping = false;
let stoppingSince = 0;
let exitCode = 0;

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function build() {
  const sources = ['contract', 'backend', 'sandbox', 'widget', 'tsconfig.json', 'package.json', 'build.mjs'];
  const built = existsSync(PROGRAMS.backend.file) && existsSync(STAMP) ? statSync(STAMP).mtimeMs : 0;
  if (built > Math.max(...sources.map(newest))) return;
  console.log('Building (about half a minute) …');
  const begun = new Date();
  const { status } = spawnSync(process.execPath, ['build.mjs'], { stdio: 'inherit' });
  if (status !== 0) {
    console.error('The build failed; nothing was started.');
    process.exit(1);
  }
  writeFileSync(STAMP, '');
  // The time the build began: what is saved meanwhile may not be in it.
  utimesSync(STAMP, begun, begun);
}

function start(name, args, env = {}) {
  // A group of its own: Ctrl-C in the terminal must reach a child once, through us, and its PostgreSQL not at all.
  const child = spawn(process.execPath, args, {
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, DATA_DIR: dataDir, ...env },
  });
  children.set(name, child);
  child.on('error', (error) => console.error(`${name} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    children.delete(name);
    if (restarting.delete(name)) return startProgram(name);
    if (stopping) {
      exitCode ||= code ?? 0;
    } else {
      exitCode = code || 1;
      console.error(`${name} has stopped (${signal ?? `exit code ${code}`}); stopping the rest.`);
      stop('SIGTERM');
    }
    if (children.size === 0) process.exit(exitCode);
  });
}

function startProgram(name) {
  const { file, env } = PROGRAMS[name];
  start(name, ['--enable-source-maps', file], env);
}

function stop(signal) {
  // Asked again, whoever asks is tired of waiting. Not at once: npm passes a Ctrl-C on that we have had already.
  const again = stopping && Date.now() - stoppingSince > IMPATIENT_AFTER_MS;
  if (!stopping) stoppingSince = Date.now();
  else if (!again) return;
  stopping = true;
  for (const child of children.values()) child.kill(again ? 'SIGKILL' : signal);
  if (children.size === 0) process.exit(exitCode);
}

/** Starts it and waits until it answers; an answer before that would be somebody else's. */
async function ready(name) {
  const isTaken = await fetch(PROGRAMS[name].health).then(
    ({ body }) => body?.cancel().then(() => true) ?? true,
    () => false,
  );
  startProgram(name);
  // It finds its port taken, says so and ends, which ends all.
  if (isTaken) return false;
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until && !stopping) {
    const answer = await fetch(PROGRAMS[name].health).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok && children.has(name)) return true;
    await new Promise((done) => setTimeout(done, 150));
  }
  if (!stopping) {
    console.error(`${name} is not ready after ${READY_WITHIN_MS / 1000} s; stopping.`);
    exitCode = 1;
    stop('SIGTERM');
  }
  return false;
}

function frame(lines) {
  const width = Math.max(...lines.map((line) => line.length)) + 4;
  const body = lines.map((line) => `│  ${line.padEnd(width - 2)}│`);
  return ['', `┌${'─'.repeat(width)}┐`, ...body, `└${'─'.repeat(width)}┘`, ''].join('\n');
}

function restart(name) {
  if (stopping || restarting.has(name) || !children.has(name)) return;
  console.log(`${name} has changed, restarting …`);
  restarting.add(name);
  children.get(name).kill('SIGTERM');
}

/** tsc and Vite build on every change; what they write restarts the program it belongs to. */
function watchChanges() {
  start('tsc', ['node_modules/typescript/bin/tsc', '-w', '--preserveWatchOutput']);
  start('vite', ['node_modules/vite/bin/vite.js', 'build', 'widget', '--watch', '--logLevel', 'warn']);
  const timers = new Map();
  const touched = (name) => {
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(restart, 300, name));
  };
  for (const [folder, names] of [
    ['backend', ['backend']],
    ['sandbox', ['sandbox']],
    ['contract', ['backend', 'sandbox']],
  ]) {
    const known = new Map();
    watch(join('dist', folder), { recursive: true }, (_event, file) => {
      if (!file?.endsWith('.js') || /\.test\.js$/.test(file)) return;
      // tsc writes every file when it starts; only a newer one is a change.
      const time = newest(join('dist', folder, file));
      if (known.get(file) === time) return;
      known.set(file, time);
      names.forEach(touched);
    });
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));

if (!production || !existsSync(PROGRAMS.backend.file)) build();
if (production) {
  startProgram('backend');
} else {
  if ((await ready('sandbox')) && (await ready('backend'))) {
    console.log(frame([`Open  http://localhost:${sandboxPort}/`, 'Stop  Ctrl-C']));
    if (watching) watchChanges();
  }
}
