import { instant } from './clock.ts';

const MINUTE = 60_000;

export interface LedgerStats {
  accepted: number;
  distinctRefs: number;
  distinctPhones: number;
  /** Requests answered from an earlier acceptance with the same key. */
  replays: number;
  /** Acceptances that should not have been: a reference under a second key, or a phone twice in one run. */
  sentTwice: number;
  /** The two parts of sentTwice; a message that is both counts as the first. */
  sentTwiceByRef: number;
  sentTwiceByPhone: number;
  /** Most acceptances in any 60 seconds, the first moment included and the last one not. */
  maxPerMinute: number;
  firstAt: string | null;
  lastAt: string | null;
}

export interface BookEntry {
  at: number;
  phone: string;
  second: 'ref' | 'phone' | null;
}

/** A running account of some of the messages, kept as they come so that reading it costs nothing. */
export class Book<T extends BookEntry> {
  readonly entries: T[] = [];
  private readonly phones = new Set<string>();
  private replays = 0;
  private byRef = 0;
  private byPhone = 0;
  private maxPerMinute = 0;
  /** The first entry inside the window that ends with the newest one. */
  private windowStart = 0;

  hasPhone(phone: string): boolean {
    return this.phones.has(phone);
  }

  add(entry: T): void {
    this.entries.push(entry);
    this.phones.add(entry.phone);
    if (entry.second === 'ref') this.byRef += 1;
    if (entry.second === 'phone') this.byPhone += 1;
    while (this.entries[this.windowStart]!.at <= entry.at - MINUTE) this.windowStart += 1;
    this.maxPerMinute = Math.max(this.maxPerMinute, this.entries.length - this.windowStart);
  }

  replayed(): void {
    this.replays += 1;
  }

  stats(): LedgerStats {
    const first = this.entries[0];
    const last = this.entries.at(-1);
    return {
      accepted: this.entries.length,
      distinctRefs: this.entries.length - this.byRef,
      distinctPhones: this.phones.size,
      replays: this.replays,
      sentTwice: this.byRef + this.byPhone,
      sentTwiceByRef: this.byRef,
      sentTwiceByPhone: this.byPhone,
      maxPerMinute: this.maxPerMinute,
      firstAt: first ? instant(first.at) : null,
      lastAt: last ? instant(last.at) : null,
    };
  }
}
