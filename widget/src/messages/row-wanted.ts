import type { ListSlot } from '../../../contract/list.ts';
import type { RowPreviewRequest } from '../../../contract/row-preview.ts';

/** Shorter is a line of a file, which has at most a million or two. */
const PHONE_DIGITS = 8;

/** What was typed: the number of a row, or a phone; null where it is neither. */
export function rowWanted(typed: string, slot: ListSlot): RowPreviewRequest | null {
  const text = typed.trim();
  const digits = text.replace(/\D/g, '');
  if (digits.length >= PHONE_DIGITS) return { phone: text };
  return /^\d+$/.test(text) && Number(text) > 0 ? { slot, row: Number(text) } : null;
}
