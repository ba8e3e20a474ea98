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
  'too_long',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/**
 * What was undone to read a number: by a spreadsheet, or by people who write it in a way of their own. A number may
 * have needed several. Each has its sentence in REPAIR_TEXTS.
 */
export const REPAIRS = [
  'exponent',
  'decimal_tail',
  'thousands',
  'wrapper',
  'invisible',
  'label',
  'extension',
  'trunk_eight',
  'country_code',
  'plus',
  'dialling_prefix',
] as const;
export type Repair = (typeof REPAIRS)[number];

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1251', 'koi8-r', 'ibm866'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const SEPARATORS = [';', ',', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

/** How a file is read. */
export const ReadingSchema = v.object({
  encoding: v.picklist(ENCODINGS, 'reading_invalid'),
  separator: v.picklist(SEPARATORS, 'reading_invalid'),
  /** Whether the first row names the columns. */
  header: v.boolean('reading_invalid'),
  /** Counted from 0. */
  phoneColumn: v.pipe(
    v.number('reading_invalid'),
    v.integer('reading_invalid'),
    v.minValue(0, 'reading_invalid'),
    v.maxValue(9999, 'reading_invalid'),
  ),
});
export type Reading = v.InferOutput<typeof ReadingSchema>;

/** What a person has said of it; the rest is told from the file. */
export const ReadingOptionsSchema = v.partial(ReadingSchema);
export type ReadingOptions = v.InferOutput<typeof ReadingOptionsSchema>;

/** The loaded file read in another way; `list` is the one the person has looked at. */
export const ReadAnewSchema = v.object({ ...ReadingOptionsSchema.entries, list: v.optional(Count) });
export type ReadAnew = v.InferOutput<typeof ReadAnewSchema>;

/** The same as a query: `?encoding=koi8-r&separator=%3B&header=true&phoneColumn=2`. */
export const ReadingQuerySchema = v.pipe(
  v.object({
    encoding: v.optional(v.string('reading_invalid')),
    separator: v.optional(v.string('reading_invalid')),
    header: v.optional(
      v.pipe(
        v.picklist(['true', 'false'], 'reading_invalid'),
        v.transform((text) => text === 'true'),
      ),
    ),
    phoneColumn: v.optional(
      v.pipe(v.string('reading_invalid'), v.regex(/^\d{1,4}$/, 'reading_invalid'), v.transform(Number)),
    ),
  }),
  ReadingOptionsSchema,
);

/** The first rows of a file as they would be read, whether or not it can be read so. */
export const ListPreviewSchema = v.object({
  /** `phoneColumn` is null when no column holds phone numbers. */
  reading: v.object({ ...ReadingSchema.entries, phoneColumn: v.nullable(Count) }),
  columns: v.array(v.string()),
  /** The first 20, the header among them; cells cut to 100 characters. */
  rows: v.array(v.object({ row: Count, cells: v.array(v.string()) })),
});
export type ListPreview = v.InferOutput<typeof ListPreviewSchema>;

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

export const RepairedBySchema = v.partial(
  v.object(Object.fromEntries(REPAIRS.map((repair) => [repair, Count])) as Record<Repair, typeof Count>),
);

/** Longest cell that is looked at for a phone number; far more than any number with its comment. */
export const MAX_PHONE_LENGTH = 200;

/** The result of an upload, kept with the list. */
export const ListSummarySchema = v.object({
  id: Count,
  slot: v.picklist(LIST_SLOTS),
  fileName: v.string(),
  bytes: Count,
  encoding: v.picklist(ENCODINGS),
  separator: v.picklist(SEPARATORS),
  /** Whether the first row names the columns. */
  header: v.boolean(),
  columns: v.array(v.string()),
  /** One for each column: rows whose cell is empty. */
  emptyCells: v.array(Count),
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
  /** Rows that were refused once and have been put right by correction files; contacts or duplicates now. */
  corrected: Count,
  refusedBy: RefusedBySchema,
  /** Numbers read after something had been undone, contacts and duplicates alike; one may stand under several kinds. */
  repairedBy: RepairedBySchema,
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

/**
 * What a file would do in a field, before it is loaded. Its rows = refused + duplicates + stopped + written + waiting +
 * again + added; a number counts by the first of these that is true of it. With duplicates removed only `again` and
 * `added` get a message, else all but the refused and the stopped.
 */
export const ListReplacementSchema = v.object({
  /** What becomes of the entries of the file that is there; null in an empty field. */
  removal: v.nullable(ListRemovalSchema),
  removeDuplicates: v.boolean(),
  rows: Count,
  refused: Count,
  /** Later occurrences within the file, where duplicates are removed. */
  duplicates: Count,
  stopped: Count,
  /** Numbers written to, or just being written to, in the run that is under way or was the last. */
  written: Count,
  /** Numbers that are written to without this file: by the other one, or left in the queue. */
  waiting: Count,
  /** Numbers that the file it replaces has, too. */
  again: Count,
  /** Numbers that are new. */
  added: Count,
});
export type ListReplacement = v.InferOutput<typeof ListReplacementSchema>;

/** What a correction file did: rows of that file = taken + stillRefused + already + unknown. */
export const CorrectionSchema = v.object({
  /** Rows that are contacts or duplicates now. */
  taken: Count,
  /** Of those, rows whose number the file had already. */
  repeated: Count,
  /** Of those, rows queued in the run that is under way. */
  queued: Count,
  /** Rows whose number cannot be written to even now. */
  stillRefused: Count,
  /** Rows that were right before. */
  already: Count,
  /** Rows without a row number of the file, or with one that another row has too. */
  unknown: Count,
});
export type Correction = v.InferOutput<typeof CorrectionSchema>;

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
  too_long: {
    en: 'The cell holds far more than a number. Leave only the number in it.',
    ru: 'В ячейке гораздо больше текста, чем номер. Оставьте в ней только номер.',
  },
};

/** Fits after a count and a dash. */
export const REPAIR_TEXTS: Record<Repair, Sentence> = {
  exponent: {
    en: 'Excel wrote the number as 7.9123456789E+10; all its digits were there',
    ru: 'Excel записал номер как 7,9123456789E+10; все цифры уцелели',
  },
  decimal_tail: {
    en: 'Excel added .0 or ,00 to the number',
    ru: 'Excel дописал к номеру .0 или ,00',
  },
  thousands: {
    en: 'commas between thousands, as in 79,123,456,789',
    ru: 'запятые между тысячами, как в 79,123,456,789',
  },
  wrapper: {
    en: 'quotes, an apostrophe or ="…" around the number',
    ru: 'кавычки, апостроф или ="…" вокруг номера',
  },
  invisible: { en: 'invisible characters in the cell', ru: 'невидимые символы в ячейке' },
  label: {
    en: 'words beside the number: “tel.”, a name, a link',
    ru: 'слова рядом с номером: «тел.», имя, ссылка',
  },
  extension: {
    en: 'an extension was left out: messages go to the number itself',
    ru: 'добавочный номер отброшен: сообщения идут на сам номер',
  },
  trunk_eight: { en: '8 in place of +7', ru: '8 вместо +7' },
  country_code: { en: '+7 was missing', ru: 'не было +7' },
  plus: { en: '+ was missing before the country code', ru: 'не было + перед кодом страны' },
  dialling_prefix: {
    en: '00 or 8-10 before the country code',
    ru: '00 или 8-10 перед кодом страны',
  },
};
