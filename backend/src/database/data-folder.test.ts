import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PROJECT_ROOT } from '../project-root.ts';
import { lockDataFolder } from './data-folder.ts';

let folder: string;
const starters: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mass-messaging-lock-'));
});
afterEach(() => {
  for (const starter of starters.splice(0)) starter.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('a second one is refused by name until the first has released it', () => {
  const lock = lockDataFolder(folder);
  expect(() => lockDataFolder(folder)).toThrow(`Another backend (process ${process.pid}) is using ${folder}`);
  lock.release();
  const next = lockDataFolder(folder);
  // A second release must not take what is another's by now.
  lock.release();
  expect(() => lockDataFolder(folder)).toThrow('Another backend');
  next.release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['of a process that is gone', '999999999 1 x'],
  ['whose process number is another process’s by now', `${process.ppid} 1 x`],
  ['torn by a power cut', ''],
])('a lock %s is taken over, without leftovers', (_name, content) => {
  writeFileSync(join(folder, 'backend.lock'), content);
  const lock = lockDataFolder(folder);
  expect(readFileSync(join(folder, 'backend.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  expect(readdirSync(folder)).toEqual(['backend.lock']);
  lock.release();
});

/** Takes the lock at the moment it is told to, says whether it has it, and lives on with it. */
const STARTER = `
  import { lockDataFolder } from ${JSON.stringify(join(PROJECT_ROOT, 'dist/backend/src/database/data-folder.js'))};
  process.stdout.write('ready\\n');
  process.stdin.once('data', (at) => {
    while (Date.now() < Number(at));
    try {
      lockDataFolder(process.argv[1]);
      process.stdout.write('has it\\n');
    } catch (error) {
      process.stdout.write(error.message + '\\n');
    }
  });`;

test('of several that find a dead owner’s lock at the same moment, one has it', async () => {
  for (let round = 0; round < 6; round += 1) {
    writeFileSync(join(folder, 'backend.lock'), '999999999 1 x');
    const racing = [1, 2, 3, 4].map(() =>
      spawn(process.execPath, ['--input-type=module', '-e', STARTER, folder], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    starters.push(...racing);
    await Promise.all(racing.map(({ stdout }) => once(stdout, 'data')));
    const answers = Promise.all(racing.map(async ({ stdout }) => String((await once(stdout, 'data'))[0])));
    const at = String(Date.now() + 50);
    for (const { stdin } of racing) stdin.write(at);
    expect((await answers).filter((answer) => answer.startsWith('has it'))).toHaveLength(1);
    for (const starter of racing) starter.kill('SIGKILL');
    await Promise.all(racing.map((starter) => once(starter, 'close')));
  }
});
