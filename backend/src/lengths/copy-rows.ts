import { StringDecoder } from 'node:string_decoder';

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
