import type { HostMessageStatus } from '../../contract/host-api.ts';
import { now } from './clock.ts';
import type { Journal } from './journal.ts';
import { Book, type LedgerStats } from './ledger-book.ts';

/** queued → sent → delivered → read, or failed; a status never goes back. */
const STATUS_ORDER: HostMessageStatus[] = ['queued', 'sent', 'failed', 'delivered', 'read'];

/** One accepted message. Kept small: a load run leaves 600,000 of them. */
export interface Accepted {
  n: number;
  tenant: string;
  /** Idempotency-Key, and the print of the body it came with. */
  key: string;
  print: string;
  ref: string;
  campaign: string;
  channel: string;
  phone: string;
  text: string | null;
  template: { id: string; variables: Record<string, string> } | null;
  /** Arrival, milliseconds with fractions. */
  at: number;
  status: HostMessageStatus;
  replays: number;
  /** Why this acceptance was one too many: its reference or its phone had been accepted before. */
  second: 'ref' | 'phone' | null;
}
export type NewAccepted = Omit<Accepted, 'n' | 'at' | 'status' | 'replays' | 'second'>;

export class Ledger {
  private readonly all = new Book<Accepted>();
  private readonly books = new Map<string, Book<Accepted>>();
  private readonly byKey = new Map<string, Accepted>();
  private readonly byRef = new Map<string, Accepted>();
  /** Equal texts are kept once: a run without variables is one text 100,000 times. */
  private readonly texts = new Map<string, string>();

  constructor(private readonly journal: Journal) {}

  get size(): number {
    return this.all.entries.length;
  }

  findByKey(tenant: string, key: string): Accepted | undefined {
    return this.byKey.get(`${tenant} ${key}`);
  }

  findByRef(tenant: string, ref: string): Accepted | undefined {
    return this.byRef.get(`${tenant} ${ref}`);
  }

  findById(id: string): Accepted | undefined {
    const record = this.all.entries[Number.parseInt(id.split('_')[1] ?? '', 36)];
    return record && messageId(record) === id ? record : undefined;
  }

  at(n: number): Accepted | undefined {
    return this.all.entries[n];
  }

  accept(message: NewAccepted): Accepted {
    const entry = { ...message, at: now() };
    this.journal.write({ a: entry });
    return this.add(entry);
  }

  replay(record: Accepted): void {
    this.journal.write({ p: record.n });
    this.countReplay(record);
  }

  /** @returns whether the status moved forward */
  setStatus(record: Accepted, status: HostMessageStatus, at: number): boolean {
    if (STATUS_ORDER.indexOf(status) <= STATUS_ORDER.indexOf(record.status)) return false;
    record.status = status;
    this.journal.write({ s: [record.n, status, at] });
    return true;
  }

  /** Takes back what the journal kept, without writing it again. */
  restore(entry: NewAccepted & { at: number }): void {
    this.add(entry);
  }

  restoreStatus(n: number, status: HostMessageStatus): void {
    const record = this.at(n);
    if (record) record.status = status;
  }

  restoreReplay(n: number): void {
    const record = this.at(n);
    if (record) this.countReplay(record);
  }

  /** In order of arrival. */
  entries(tenant?: string, campaign?: string): readonly Accepted[] {
    return this.book(tenant, campaign)?.entries ?? [];
  }

  stats(tenant?: string, campaign?: string): LedgerStats {
    return (this.book(tenant, campaign) ?? new Book()).stats();
  }

  /** The newest messages first, as long as they are asked for. */
  *newest(tenant: string): Generator<Accepted> {
    const entries = this.entries(tenant);
    for (let i = entries.length - 1; i >= 0; i -= 1) yield entries[i]!;
  }

  private book(tenant?: string, campaign?: string): Book<Accepted> | undefined {
    if (campaign === undefined) return tenant === undefined ? this.all : this.books.get(tenant);
    if (tenant !== undefined) return this.books.get(`${tenant} ${campaign}`);
    for (const [name, book] of this.books) if (name.endsWith(` ${campaign}`)) return book;
    return undefined;
  }

  private open(name: string): Book<Accepted> {
    let book = this.books.get(name);
    if (!book) this.books.set(name, (book = new Book()));
    return book;
  }

  private add(entry: NewAccepted & { at: number }): Accepted {
    const campaignBook = this.open(`${entry.tenant} ${entry.campaign}`);
    const ref = `${entry.tenant} ${entry.ref}`;
    const second = this.byRef.has(ref) ? 'ref' : campaignBook.hasPhone(entry.phone) ? 'phone' : null;
    const record: Accepted = {
      n: this.size,
      tenant: entry.tenant,
      key: entry.key,
      print: entry.print,
      ref: entry.ref,
      campaign: entry.campaign,
      channel: entry.channel,
      phone: entry.phone,
      text: entry.text === null ? null : this.sameText(entry.text),
      template: entry.template,
      at: entry.at,
      status: 'queued',
      replays: 0,
      second,
    };
    for (const book of [this.all, this.open(entry.tenant), campaignBook]) book.add(record);
    this.byKey.set(`${entry.tenant} ${entry.key}`, record);
    if (!this.byRef.has(ref)) this.byRef.set(ref, record);
    return record;
  }

  private countReplay(record: Accepted): void {
    record.replays += 1;
    const names = [record.tenant, `${record.tenant} ${record.campaign}`];
    for (const book of [this.all, ...names.map((name) => this.open(name))]) book.replayed();
  }

  private sameText(text: string): string {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    if (this.texts.size >= 1000) this.texts.clear();
    this.texts.set(text, text);
    return text;
  }
}

/** Names the record by its place and its time, so that an id lost in a crash is never given to another message. */
export function messageId(record: Accepted): string {
  return `msg_${record.n.toString(36)}_${Math.floor(record.at).toString(36)}`;
}
