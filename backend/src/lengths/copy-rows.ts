import { StringDecoder } from 'node:string_decoder';
import { setImmediate as turn } from 'node:timers/promises';

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/**
 * The rows in COPY's text form (PostgreSQL, COPY, "Text Format"), wherever its bytes are cut: cells end with tabs,
 * rows with line feeds, and a backslash stands before what would be mistaken for them. A null is an empty text here.
 */
export class CopyRows {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  push(chunk: Buffer, onRow: (cells: string[]) => void): void {
    const text = this.rest + this.decoder.write(chunk);
    const isPlain = !text.includes('\\');
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const cells = text.slice(start, end).split('\t');
      start = end + 1;
      onRow(isPlain ? cells : cells.map(plain));
    }
    this.rest = text.slice(start);
  }
}

function plain(cell: string): string {
  if (!cell.includes('\\')) return cell;
  if (cell === '\\N') return '';
  return cell.replace(/\\(.)/g, (_, code: string) => ESCAPES[code] ?? code);
}

/** About 500 short rows: one or two milliseconds of the main thread. */
const SLICE_BYTES = 16 * 1024;

/** What waits already would be taken one after another, and everything else would wait for the last of it. */
export async function* inSlices(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      yield chunk.subarray(at, at + SLICE_BYTES);
      await turn();
    }
  }
}
