import type { Lengths } from '../../../contract/lengths.ts';
import { number, t, type MessageKey } from '../i18n/index.ts';

/** `≈ 12 000` while it is an estimate: more digits would pretend to be exact. */
export function rowsText(rows: number, exact: boolean): string {
  return exact ? number(rows) : `≈ ${number(Number(rows.toPrecision(2)))}`;
}

/** A message about rows; its form follows the number that is shown. */
export function aboutRows(
  key: MessageKey,
  rows: number,
  exact: boolean,
  params: Record<string, string> = {},
) {
  const count = exact ? rows : Number(rows.toPrecision(2));
  return t(key, { ...params, count, rows: rowsText(rows, exact) });
}

/** As it is seen; by its code where there is nothing to see. */
export function visible(character: string): string {
  const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return /[\p{Z}\p{C}\p{M}]/u.test(character) ? code : character;
}

/** All SMS that the rows make. */
export function smsOf({ segments }: Pick<Lengths, 'segments'>): number {
  return Object.entries(segments).reduce((sum, [count, rows]) => sum + Number(count) * rows, 0);
}

export function unsendableRows({ unsendable }: Lengths): number {
  return unsendable.main + unsendable.additional;
}

/** For who cannot see the lines: what follows from them, so that it changes only when that does. */
export function spokenLengths(lengths: Lengths): string {
  const rows = number(unsendableRows(lengths));
  if (lengths.method === 'waba') return t('lengths.spokenWaba', { rows });
  return t('lengths.spoken', { rows, segments: lengths.longest[0]?.segments ?? 0 });
}
