/**
 * Marks of WhatsApp's own: *bold*, _italic_, ~struck~, `code`, ```monospaced```; they may stand inside each other. A mark
 * opens before a letter and closes after one, at the edge of a word, and does not reach over the end of a line, which
 * three backticks do. Lists and quotes begin a line and are left as they are typed.
 * https://faq.whatsapp.com/539178204879377
 */
export type Style = 'bold' | 'italic' | 'struck' | 'code';

export interface Styled {
  /** Places in the text, the marks themselves left out. */
  from: number;
  to: number;
  styles: readonly Style[];
}

const STYLE_OF: Record<string, Style> = {
  '*': 'bold',
  _: 'italic',
  '~': 'struck',
  '`': 'code',
  '```': 'code',
};

/** One mark with what is inside; what stands around it is no part of a word. */
const MARKED =
  /(?<![\p{L}\p{N}])(?:(```)(?=[^`])([^]*?[^`])```|([*_~`])(?=\S)([^\n]*?\S)\3)(?![\p{L}\p{N}])/u;

/** @returns runs of one style each, in order; together they are the text without its marks */
export function styledRuns(text: string): Styled[] {
  return runsIn(text, 0, []);
}

function runsIn(text: string, offset: number, styles: readonly Style[]): Styled[] {
  const runs: Styled[] = [];
  const add = (from: number, to: number) =>
    to > from && runs.push({ from: offset + from, to: offset + to, styles });
  let rest = 0;
  for (let match = MARKED.exec(text); match; match = MARKED.exec(text.slice(rest))) {
    const start = rest + match.index;
    const mark = (match[1] ?? match[3])!;
    const inside = (match[2] ?? match[4])!;
    const end = start + match[0].length;
    add(rest, start);
    const style = STYLE_OF[mark]!;
    const begin = start + mark.length;
    // Code shows every character in it as it is.
    if (style === 'code') {
      runs.push({ from: offset + begin, to: offset + begin + inside.length, styles: [...styles, style] });
    } else runs.push(...runsIn(inside, offset + begin, [...styles, style]));
    rest = end;
  }
  add(rest, text.length);
  return runs;
}
