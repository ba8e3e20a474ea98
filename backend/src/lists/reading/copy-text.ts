import type { CorrectedRow } from '../correcting/read-correction.ts';
import type { ReadRow } from './read-list.ts';

/** Where the rows belong. */
export interface ListKey {
  accountId: number;
  campaignId: number;
  listId: number;
}

/** Characters to a chunk: large enough that its message costs nothing, small enough that several in flight do not either. */
const CHUNK_CHARACTERS = 256 * 1024;

/** Text gathered into chunks, which begin and end anywhere; only all of them in order make the whole. */
export class Chunks {
  private text = '';
  private readonly onChunk: (chunk: Buffer<ArrayBuffer>) => void;

  constructor(onChunk: (chunk: Buffer<ArrayBuffer>) => void) {
    this.onChunk = onChunk;
  }

  add(text: string): void {
    this.text += text;
    if (this.text.length >= CHUNK_CHARACTERS) this.flush();
  }

  end(): void {
    if (this.text !== '') this.flush();
  }

  private flush(): void {
    // A buffer of its own, not of the pool, so that it can be transferred to another thread.
    const chunk = Buffer.from(new ArrayBuffer(Buffer.byteLength(this.text)));
    chunk.write(this.text);
    this.text = '';
    this.onChunk(chunk);
  }
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
