import type { ReadRow } from './read-list.ts';

/** Where the rows belong. */
export interface ListKey {
  accountId: number;
  campaignId: number;
  listId: number;
}

/** Characters to a chunk: large enough that its message costs nothing, small enough that several in flight do not either. */
const CHUNK_CHARACTERS = 256 * 1024;

/**
 * PostgreSQL's COPY text for `contact (account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells)`.
 * Chunks begin and end anywhere; only all of them in order make a text.
 */
export class CopyText {
  private readonly key: string;
  private text = '';
  private readonly onChunk: (chunk: Buffer<ArrayBuffer>) => void;

  constructor({ accountId, campaignId, listId }: ListKey, onChunk: (chunk: Buffer<ArrayBuffer>) => void) {
    this.key = `${accountId}\t${campaignId}\t${listId}\t`;
    this.onChunk = onChunk;
  }

  add(rows: readonly ReadRow[]): void {
    for (const row of rows) {
      this.text += this.key + copyLine(row);
      if (this.text.length >= CHUNK_CHARACTERS) this.flush();
    }
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

/** The columns from row_no on, and the line end. Phone and refusal hold nothing that needs escaping. */
export function copyLine({ row, phone, refusal, repeated, cells }: ReadRow): string {
  let array = '';
  for (const cell of cells) array += (array === '' ? '"' : ',"') + escapeCell(cell) + '"';
  return `${row}\t${phone ?? '\\N'}\t${refusal ?? '\\N'}\t${repeated ? 't' : 'f'}\t{${array}}\n`;
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
