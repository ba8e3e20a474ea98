import { createReadStream } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { HostMessageStatus } from '../../contract/host-api.ts';
import type { Accepted } from './ledger.ts';
import type { Chat, Inbound } from './conversations.ts';

const FLUSH_MS = 200;

/** One line of ledger.jsonl, short because a load run writes millions. */
export interface Entry {
  /** A message was accepted. */
  a?: Omit<Accepted, 'n' | 'status' | 'replays' | 'second'>;
  /** Message n has a new status: number, status, time. */
  s?: [number, HostMessageStatus, number];
  /** Message n was asked for again with the same key. */
  p?: number;
  /** A customer wrote. */
  r?: Inbound;
  /** A chat was opened or grew. */
  c?: Chat;
}

/** The append-only file behind the ledger. Lines gather for a moment: a crash may cost the last of them. */
export class Journal {
  private lines: string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly file: string | null) {}

  async read(onEntry: (entry: Entry) => void): Promise<void> {
    if (this.file === null) return;
    const handle = await open(this.file, 'a+', 0o600);
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    // A line torn by a crash must not swallow the next one.
    if (size > 0 && last.toString() !== '\n') await handle.appendFile('\n');
    await handle.close();
    for await (const line of createInterface({ input: createReadStream(this.file) })) {
      const entry = parse(line);
      if (entry) onEntry(entry);
    }
  }

  write(entry: Entry): void {
    if (this.file === null) return;
    this.lines.push(JSON.stringify(entry));
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  async close(): Promise<void> {
    this.flush();
    await this.writing;
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.lines.length === 0 || this.file === null) return;
    const text = `${this.lines.join('\n')}\n`;
    const file = this.file;
    this.lines = [];
    this.writing = this.writing
      .then(() => appendFile(file, text, { mode: 0o600 }))
      .catch((error: Error) => console.error(`sandbox: the ledger cannot be written: ${error.message}`));
  }
}

function parse(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}
