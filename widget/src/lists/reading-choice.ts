import {
  ENCODINGS,
  SEPARATORS,
  type Encoding,
  type ListPreview,
  type ListSummary,
  type Reading,
  type ReadingOptions,
  type Separator,
} from '../../../contract/list.ts';
import type { MessageKey } from '../i18n/index.ts';

/** How a file is read, as the selects show it; null where nothing was found. */
export type ShownReading = ListPreview['reading'];

/** What encodings are called in the programs that write them. */
export const ENCODING_NAMES: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16 LE',
  'utf-16be': 'UTF-16 BE',
  'windows-1251': 'Windows-1251',
  'koi8-r': 'KOI8-R',
  ibm866: 'CP866 (DOS)',
};
export const SEPARATOR_NAMES: Record<Separator, MessageKey> = {
  ';': 'separator.semicolon',
  ',': 'separator.comma',
  '\t': 'separator.tab',
};
/** The usual ones first. */
export const ENCODING_CHOICES = [...ENCODINGS].sort(
  (a, b) => Number(b === 'windows-1251') - Number(a === 'windows-1251'),
);
export const SEPARATOR_CHOICES = SEPARATORS;

/**
 * What to ask for when a person has changed one part: what hangs on it is told from the file anew. Another encoding
 * may have another separator, and another separator makes other columns.
 */
export function withChoice<K extends keyof Reading>(
  shown: ShownReading,
  key: K,
  value: Reading[K],
): ReadingOptions {
  if (key === 'encoding') return { encoding: value as Encoding };
  const { encoding, separator, header, phoneColumn } = shown;
  if (key === 'separator') return { encoding, separator: value as Separator };
  // Without a phone column there was nothing to tell by whether the first row is a header.
  if (phoneColumn === null) return { encoding, separator, [key]: value };
  return { encoding, separator, header, phoneColumn, [key]: value };
}

/** Whether a list is read otherwise than shown. */
export function differs(list: ListSummary, shown: ShownReading): boolean {
  return (
    list.encoding !== shown.encoding ||
    list.separator !== shown.separator ||
    list.header !== shown.header ||
    list.phoneColumn !== shown.phoneColumn
  );
}

/** Problems that another way of reading may solve. */
export function isAboutReading(code: string): boolean {
  return ['phone_column_missing', 'phone_column_unknown', 'no_valid_rows', 'file_unreadable'].includes(code);
}
