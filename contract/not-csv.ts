/** What people upload in place of a CSV. `binary` is anything else that is not text. */
export const NOT_CSV_KINDS = [
  'xlsx',
  'xls',
  'ods',
  'docx',
  'zip',
  'gzip',
  'rar',
  'pdf',
  'image',
  'html',
  'xml',
  'rtf',
  'binary',
] as const;
export type NotCsvKind = (typeof NOT_CSV_KINDS)[number];

export function isNotCsvKind(text: string): text is NotCsvKind {
  return NOT_CSV_KINDS.some((kind) => kind === text);
}

/** Fits after "This is not a CSV file but" and «Это не CSV, а». */
export const NOT_CSV_TEXTS: Record<NotCsvKind, Record<'en' | 'ru', string>> = {
  xlsx: { en: 'an Excel workbook (.xlsx)', ru: 'книга Excel (.xlsx)' },
  xls: { en: 'an old Excel workbook (.xls)', ru: 'старая книга Excel (.xls)' },
  ods: { en: 'a LibreOffice table (.ods)', ru: 'таблица LibreOffice (.ods)' },
  docx: { en: 'a Word document', ru: 'документ Word' },
  zip: { en: 'a ZIP archive (unpack it first)', ru: 'архив ZIP (сначала распакуйте его)' },
  gzip: { en: 'a gzip archive (unpack it first)', ru: 'архив gzip (сначала распакуйте его)' },
  rar: {
    en: 'a RAR or 7z archive (unpack it first)',
    ru: 'архив RAR или 7z (сначала распакуйте его)',
  },
  pdf: { en: 'a PDF document', ru: 'документ PDF' },
  image: { en: 'an image', ru: 'изображение' },
  html: { en: 'a web page (some programs save it as .xls)', ru: 'веб-страница (так иногда сохраняют .xls)' },
  xml: { en: 'an XML file', ru: 'файл XML' },
  rtf: { en: 'an RTF document', ru: 'документ RTF' },
  binary: { en: 'a file that is not text', ru: 'двоичный файл' },
};
