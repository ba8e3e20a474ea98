import * as v from 'valibot';
import { Count } from './message-states.ts';

export const LIST_SLOTS = ['main', 'additional'] as const;
export type ListSlot = (typeof LIST_SLOTS)[number];

/** 10 × 1024 × 1024 bytes; a file of exactly this size is already too large. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** What to do with the entries not yet sent when their list is removed. */
export const REMOVAL_RULES = ['remove', 'send'] as const;
export type RemovalRule = (typeof REMOVAL_RULES)[number];

/** Why a row's phone cell was refused. Each has its sentence, saying what to do, in REFUSAL_TEXTS. */
export const REFUSALS = [
  'empty',
  'no_number',
  'letters',
  'length',
  'two_numbers',
  'excel_precision_lost',
  'ten_digits_not_9',
  'ambiguous',
  'landline',
  'not_mobile',
  'invalid',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1251'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const RefusedRowSchema = v.object({
  /** Line of the file as a spreadsheet numbers it: the first row, header or not, is 1. */
  row: Count,
  original: v.string(),
  reason: v.picklist(REFUSALS),
});
export type RefusedRow = v.InferOutput<typeof RefusedRowSchema>;

export const RefusedBySchema = v.partial(
  v.object(Object.fromEntries(REFUSALS.map((reason) => [reason, Count])) as Record<Refusal, typeof Count>),
);

/** The result of an upload, kept with the list. */
export const ListSummarySchema = v.object({
  id: Count,
  slot: v.picklist(LIST_SLOTS),
  fileName: v.string(),
  bytes: Count,
  encoding: v.picklist(ENCODINGS),
  separator: v.picklist([';', ',', '\t']),
  columns: v.array(v.string()),
  /** Index into `columns`. */
  phoneColumn: Count,
  /** Rows of data: rows = contacts + duplicates + refused. */
  rows: Count,
  /** First occurrences of a number within this file. */
  contacts: Count,
  /** Later occurrences of a number within this file. */
  duplicates: Count,
  /** Contacts of this file whose number stands in the other file already; only the additional file has them. */
  duplicatesOfOther: Count,
  refused: Count,
  refusedBy: RefusedBySchema,
  /** The first 20. */
  refusedRows: v.array(RefusedRowSchema),
  uploadedAt: v.string(),
});
export type ListSummary = v.InferOutput<typeof ListSummarySchema>;

/** What removing a file, or replacing it, does to its own entries, as things stand. */
export const ListRemovalSchema = v.object({
  /** Handed over in the run that is under way or was the last, or once without an answer. They stay in the report. */
  written: Count,
  /** In the sending at this moment: they may leave yet. */
  sending: Count,
  /** Still to be written to; before a run, the contacts that would be. */
  waiting: Count,
  /** What becomes of those. Before a run there is no queue: they go with the file. */
  rule: v.picklist(REMOVAL_RULES),
  /** Numbers among those that the other file has too: they will be written to by that one. */
  byOther: Count,
});
export type ListRemoval = v.InferOutput<typeof ListRemovalSchema>;

type Sentence = Record<'en' | 'ru', string>;

export const REFUSAL_TEXTS: Record<Refusal, Sentence> = {
  empty: {
    en: 'The phone cell is empty. Fill in a number.',
    ru: 'Ячейка с телефоном пуста. Укажите номер.',
  },
  no_number: {
    en: 'There is no phone number in the cell. Fill in a number.',
    ru: 'В ячейке нет номера телефона. Укажите номер.',
  },
  letters: {
    en: 'Letters stand among the digits. Retype the number with digits only.',
    ru: 'Среди цифр стоят буквы. Наберите номер одними цифрами.',
  },
  length: {
    en: 'A number of this length does not exist. Check the digits.',
    ru: 'Номеров такой длины не бывает. Проверьте цифры.',
  },
  two_numbers: {
    en: 'Two numbers stand in one cell. Leave one of them, or make two rows.',
    ru: 'В ячейке два номера. Оставьте один или сделайте две строки.',
  },
  excel_precision_lost: {
    en: 'Excel has rounded this number and its last digits are lost. Take it from the source again and format the column as text.',
    ru: 'Excel округлил номер, последние цифры потеряны. Возьмите номер из источника заново и задайте столбцу формат «Текстовый».',
  },
  ten_digits_not_9: {
    en: 'Ten digits that do not begin with 9 are not a mobile number. Check the number, or write it with its country code.',
    ru: 'Десять цифр не с девятки — не мобильный номер. Проверьте номер или напишите его с кодом страны.',
  },
  ambiguous: {
    en: 'It is not clear which country or number is meant. Write it in full: +7 and ten digits.',
    ru: 'Неясно, какая страна или какой номер имеется в виду. Напишите полностью: +7 и десять цифр.',
  },
  landline: {
    en: 'This is a landline; SMS goes to mobile numbers only. Give a mobile number.',
    ru: 'Это городской номер, SMS доходят только на мобильные. Укажите мобильный номер.',
  },
  not_mobile: {
    en: 'This is a toll-free or service number. Give a mobile number.',
    ru: 'Это бесплатный или служебный номер. Укажите мобильный номер.',
  },
  invalid: {
    en: 'No operator has such a number. Check the digits.',
    ru: 'Такого номера нет ни у одного оператора. Проверьте цифры.',
  },
};
