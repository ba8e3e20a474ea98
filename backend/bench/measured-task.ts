import { fork } from 'node:child_process';
import type { TaskName, TaskResult } from './task.ts';

export type { TaskResult } from './task.ts';

/** One task in a process of its own, so that memory and stalls are those of the task alone. */
export function inProcess(task: TaskName, url: string, file: string, key: number[]): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./task.js', import.meta.url), [task, url, file, ...key.map(String)]);
    child.once('message', (result) => resolve(result as TaskResult));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the ${task} ended with ${code}`)));
  });
}
