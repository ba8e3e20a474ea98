import type { CorrectedRow } from '../correcting/read-correction.ts';
import type { ReadRow } from './read-list.ts';

/** Where the rows belong. */
export interface ListKey {
  accountId: number;
  campaignId: number;
  listId: number;
}

/** Bytes to a chunk: large enough that its message costs nothing, small enough that several in flight do not either. */
const CHUNK_BYTES = 256 * 1024;
/** Characters gathered before they are encoded. A longer text's many parts would outlive the young generation. */
const PIECE_CHARACTERS = 8 * 1024;
/** Of a character in UTF-8, counted in UTF-16 units. */
const MOST_BYTES = 3;

/** Text gathered into chunks, which begin and end anywhere; only all of them in order make the whole. */
export class Chunks {
  private text = '';
  private readonly buffer = Buffer.alloc(CHUNK_BYTES);
  private used = 0;
  private readonly onChunk: (chunk: Buffer<ArrayBuffer>) => void;

  constructor(onChunk: (chunk: Buffer<ArrayBuffer>) => void) {
    this.onChunk = onChunk;
  }

  add(text: string): void {
    this.text += text;
    if (this.text.length >= PIECE_CHARACTERS) this.encode();
  }

  end(): void {
    this.encode();
    this.flush();
  }

  private encode(): void {
    const { text } = this;
    this.text = '';
    const most = text.length * MOST_BYTES;
    if (this.used + most > CHUNK_BYTES) this.flush();
    if (most > CHUNK_BYTES) this.onChunk(ownBuffer(Buffer.from(text)));
    else this.used += this.buffer.write(text, this.used);
  }

  private flush(): void {
    if (this.used > 0) this.onChunk(ownBuffer(this.buffer.subarray(0, this.used)));
    this.used = 0;
  }
}

/** Of no pool and nobody else's, so that it can be transferred to another thread. */
function ownBuffer(bytes: Buffer): Buffer<ArrayBuffer> {
  const own = Buffer.from(new ArrayBuffer(bytes.length));
  own.set(bytes);
  return own;
}

/**
 * PostgreSQL's COPY text for `contact (account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells)`,
 * in chunks.
 */
export class CopyText {
  private readonly key: string;
  private readonly chunks: Chunks;

  constructor({ accountId, campaignId, listId }: ListKey, onChunk: (chunk: Buffer<ArrayBuffer>) => void) {
    this.key = `${accountId}\t${campaignId}\t${listId}\t`;
    this.chunks = new Chunks(onChunk);
  }

  add(rows: readonly ReadRow[]): void {
    for (const row of rows) this.chunks.add(this.key + copyLine(row));
  }

  end(): void {
    this.chunks.end();
  }
}

/** The columns from row_no on, and the line end. Phone and refusal hold nothing that needs escaping. */
export function copyLine({ row, phone, refusal, repeated, cells }: ReadRow): string {
  return `${row}\t${phone ?? '\\N'}\t${refusal ?? '\\N'}\t${repeated ? 't' : 'f'}\t${arrayText(cells)}\n`;
}

/** The same for a correction file's `(row_no, phone, refusal, repairs, cells)`. */
export function correctedLine({ row, phone, refusal, repairs, cells }: CorrectedRow): string {
  return `${row ?? '\\N'}\t${phone ?? '\\N'}\t${refusal ?? '\\N'}\t${arrayText(repairs)}\t${arrayText(cells)}\n`;
}

function arrayText(cells: readonly (string | null)[]): string {
  let array = '';
  for (const cell of cells)
    array += (array === '' ? '' : ',') + (cell === null ? 'NULL' : `"${escapeCell(cell)}"`);
  return `{${array}}`;
}

/** Escaped twice: `\` and `"` for the array literal, then `\` and control characters for COPY. */
const ESCAPES: Record<string, string> = {
  '\\': '\\\\\\\\',
  '"': '\\\\"',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

function escapeCell(cell: string): string {
  return /[\\"\t\n\r]/.test(cell) ? cell.replace(/[\\"\t\n\r]/g, (each) => ESCAPES[each]!) : cell;
}
