import { MAX_PHONE_LENGTH, type Refusal, type Repair } from '../../../../contract/list.ts';

/** The digits of the one number in a cell, and whether a plus stood before them. */
export interface CellDigits {
  digits: string;
  plus: boolean;
  /** What was undone to find them. */
  repairs: Repair[];
}

/** Marks of direction, zero-width spaces, soft hyphens, byte order marks: what no one sees and copying brings along. */
const INVISIBLE = /\p{Cf}/u;
const LINK =
  /^(?:https?:\/\/)?(?:www\.)?(?:wa\.me\/|api\.whatsapp\.com\/send\/?\?phone=|viber:\/\/chat\/?\?number=)(?:\+|%2B)?(\d+)(?:[/?&#].*)?$/i;
const LABEL =
  /^(?:телефон|тел|т|мобильный|моб|м|сотовый|сот|раб|дом|phone|tel|mobile|mob|whatsapp|ватсап|вотсап|wa|viber)[.:\s]*(?=[+\d(])/i;
const EXTENSION =
  /(?:(?<!\p{L})(?:добавочный|доб|внутренний|внутр|вн|extension|ext)[\s.:№]*|[\s,;]+[x#]\s*)\d{1,6}\)?\s*$/iu;
const SPREADSHEET_EXPONENT = /^(\+?\d+)(?:[.,](\d+))?[eе]\+?(\d{1,2})$/i;
const TWO_NUMBERS_APART = /[;,/|\\&]/;
const WORDS = /\p{L}[\p{L}\p{M}'’.]*/u;
/** What may stand among the digits of a number; anything else (`*`, `?`) may stand for a digit that is missing. */
const NUMBER_ONLY = /^[-+\d\s().~:_"'[\]<>=!]*$/;

/**
 * Takes a cell to the digits of its number, or says why it holds no single number. It undoes what spreadsheets and
 * people do (quotes, apostrophes, formulas, exponents, labels, comments) and never invents or drops a digit.
 */
export function digitsOfCell(cell: string): CellDigits | Refusal {
  // Before any pattern: some take time that grows with the square of the length.
  if (cell.length > MAX_PHONE_LENGTH) return cell.trim() === '' ? 'empty' : 'too_long';
  const visible = clean(cell);
  const text = unwrap(visible);
  if (text === '') return 'empty';
  if (!/\d/.test(text)) return 'no_number';
  // A small raised digit is a footnote's or an exponent's as often as the number's own.
  if (/\p{No}/u.test(cell)) return 'ambiguous';
  const found = spreadsheetNumber(text) ?? linkedNumber(text) ?? writtenNumber(text);
  if (typeof found === 'string') return found;
  if (text !== visible) found.repairs.unshift('wrapper');
  if (INVISIBLE.test(cell)) found.repairs.unshift('invisible');
  return found;
}

/** One spelling for every space, dash and digit there is, and nothing invisible. A line break keeps two numbers apart. */
function clean(cell: string): string {
  return cell
    .trim()
    .replace(/№/g, ' ')
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/[\r\n\u2028\u2029]+/g, '|')
    .replace(/\s+/g, ' ')
    .trim();
}

/** `="79…"`, `"79…"`, `'79…`, `=79…`: how text is forced on Excel. */
function unwrap(text: string): string {
  return text
    .replace(/^'+/, '')
    .replace(/^=?"([^"]*)"$/, '$1')
    .replace(/^=(?=\+?\d+$)/, '')
    .replace(/^'+/, '')
    .trim();
}

/** Numbers as Excel writes numbers; null when the cell is no such thing. */
function spreadsheetNumber(text: string): CellDigits | Refusal | null {
  const exponent = SPREADSHEET_EXPONENT.exec(text);
  if (exponent) {
    const [, whole, fraction = '', power] = exponent;
    if (Number(power) > fraction.length) return 'excel_precision_lost';
    return Number(power) === fraction.length ? found(whole! + fraction, ['exponent']) : 'ambiguous';
  }
  const decimal = /^(\+?\d{7,})[.,](\d{1,2})$/.exec(text);
  if (decimal) return /^0+$/.test(decimal[2]!) ? found(decimal[1]!, ['decimal_tail']) : 'ambiguous';
  if (/^\d[.,]\d{6,}$/.test(text)) return 'ambiguous';
  return /^\d{1,3}(?:,\d{3}){3,4}$/.test(text) ? found(text, ['thousands']) : null;
}

function linkedNumber(text: string): CellDigits | null {
  const link = LINK.exec(text);
  return link && { digits: link[1]!, plus: true, repairs: ['label'] };
}

/** A number as people write it, with what they write beside it. */
function writtenNumber(text: string): CellDigits | Refusal {
  const own = text.replace(EXTENSION, '');
  const bare = own.replace(LABEL, '');
  if (/\p{L}\d|\d\p{L}/u.test(bare)) return 'letters';
  const piece = onlyPiece(bare);
  if (typeof piece !== 'string') return piece.refusal;
  const refusal = refusalOfPiece(piece);
  if (refusal) return refusal;
  const repairs: Repair[] = /\p{L}/u.test(own) ? ['label'] : [];
  return found(piece, own === text ? repairs : [...repairs, 'extension']);
}

function found(written: string, repairs: Repair[]): CellDigits {
  return { digits: written.replace(/\D/g, ''), plus: written.includes('+'), repairs };
}

/** The only part of the cell with digits in it. */
function onlyPiece(text: string): string | { refusal: Refusal } {
  const parts = text.split(TWO_NUMBERS_APART).filter((part) => /\d/.test(part));
  if (parts.length > 1) {
    const isComment = (part: string) => /\p{L}/u.test(part) && countDigits(part) < 7;
    return { refusal: parts.slice(1).every(isComment) ? 'ambiguous' : 'two_numbers' };
  }
  const pieces = (parts[0] ?? '').split(WORDS).filter((piece) => /\d/.test(piece));
  if (pieces.length === 1) return pieces[0]!;
  return {
    refusal: pieces.filter((piece) => countDigits(piece) >= 7).length > 1 ? 'two_numbers' : 'ambiguous',
  };
}

function refusalOfPiece(piece: string): Refusal | null {
  if (!NUMBER_ONLY.test(piece)) return 'ambiguous';
  const late = /\d[^+]*(\+)/.exec(piece);
  if (late) {
    const at = late.index + late[0].length;
    return countDigits(piece.slice(0, at)) >= 10 && countDigits(piece.slice(at)) >= 10
      ? 'two_numbers'
      : 'ambiguous';
  }
  const digits = piece.replace(/\D/g, '');
  if (digits.length >= 20 || (piece.match(/\d{10,}/g)?.length ?? 0) > 1) return 'two_numbers';
  return digits.length < 3 || /^0+$/.test(digits) ? 'no_number' : null;
}

function countDigits(text: string): number {
  return text.replace(/\D/g, '').length;
}
