import * as v from 'valibot';
import { isNotCsvKind, NOT_CSV_TEXTS } from './not-csv.ts';

/**
 * Every error a caller can meet: its stable code, HTTP status and sentence in both languages. The server sends
 * it as application/problem+json (RFC 9457), the widget shows the same sentence. `{name}` is filled from params.
 */
const ParamsSchema = v.record(v.string(), v.union([v.string(), v.number()]));

export const FieldProblemSchema = v.object({
  field: v.string(),
  code: v.string(),
  detail: v.string(),
  params: v.optional(ParamsSchema),
});
export type FieldProblem = v.InferOutput<typeof FieldProblemSchema>;

export const ProblemSchema = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  code: v.string(),
  detail: v.string(),
  params: v.optional(ParamsSchema),
  /** One entry a field, where several were wrong. */
  errors: v.optional(v.array(FieldProblemSchema)),
});
export type Problem = v.InferOutput<typeof ProblemSchema>;

interface ProblemKind {
  status: number;
  en: string;
  ru: string;
}

export const PROBLEMS = {
  // Who is calling
  token_missing: {
    status: 401,
    en: 'The host token is missing. Open the card from your CRM.',
    ru: 'Нет токена CRM. Откройте карточку из CRM.',
  },
  token_invalid: {
    status: 401,
    en: 'The host token is not valid. Reload the page of your CRM.',
    ru: 'Токен CRM не принят. Обновите страницу CRM.',
  },
  token_expired: {
    status: 401,
    en: 'The host token has expired. The card asks for a new one by itself; if not, reload the page.',
    ru: 'Токен CRM устарел. Карточка запросит новый сама; если этого не произошло, обновите страницу.',
  },
  installation_inactive: {
    status: 403,
    en: 'The integration is switched off for this account. Ask an administrator to switch it on.',
    ru: 'Интеграция для этого аккаунта отключена. Попросите администратора включить её.',
  },
  role_insufficient: {
    status: 403,
    en: 'Your role does not allow this. Ask a supervisor or an administrator.',
    ru: 'Ваша роль этого не позволяет. Обратитесь к супервайзеру или администратору.',
  },
  // Requests
  invalid: { status: 422, en: 'Some fields need another look.', ru: 'Некоторые поля нужно поправить.' },
  malformed: {
    status: 400,
    en: 'The request could not be read. Reload the page and try again.',
    ru: 'Запрос не удалось прочитать. Обновите страницу и повторите.',
  },
  not_found: {
    status: 404,
    en: 'There is no such page or record. It may have been removed.',
    ru: 'Такой страницы или записи нет. Возможно, её удалили.',
  },
  internal: {
    status: 500,
    en: 'Something went wrong on our side; nothing was changed. Try again in a minute. Number of the case: {id}.',
    ru: 'Что-то сломалось на нашей стороне, ничего не изменилось. Повторите через минуту. Номер обращения: {id}.',
  },
  unavailable: {
    status: 503,
    en: 'The database does not answer right now; nothing was changed. Try again in a minute.',
    ru: 'База данных сейчас не отвечает, ничего не изменилось. Повторите через минуту.',
  },
  disk_full: {
    status: 507,
    en: 'The server has no room left for it; nothing was changed. Tell whoever runs the server to free disk space, then try again.',
    ru: 'На сервере не хватает места, ничего не изменилось. Сообщите администратору, что диск заполнен, и повторите позже.',
  },
  busy: {
    status: 503,
    en: 'Files or queues are being worked on right now; nothing was changed. Try again in a few seconds.',
    ru: 'Сейчас обрабатываются файлы или очереди рассылок, ничего не изменилось. Повторите через несколько секунд.',
  },
  too_many_streams: {
    status: 503,
    en: 'Too many live views are open. The figures are asked for from time to time instead.',
    ru: 'Открыто слишком много окон с ходом рассылок. Цифры будут запрашиваться время от времени.',
  },
  // Campaign
  campaign_not_found: {
    status: 404,
    en: 'There is no such campaign. It may have been removed.',
    ru: 'Такой рассылки нет. Возможно, её удалили.',
  },
  name_required: { status: 422, en: 'Give the campaign a name.', ru: 'Укажите название рассылки.' },
  name_too_long: {
    status: 422,
    en: 'The name may have 100 characters at most.',
    ru: 'В названии может быть не больше 100 символов.',
  },
  name_taken: {
    status: 409,
    en: 'A campaign with this name exists already. Choose another name.',
    ru: 'Рассылка с таким названием уже есть. Выберите другое название.',
  },
  version_conflict: {
    status: 409,
    en: 'Somebody else has changed this campaign meanwhile. Look at their changes, then repeat yours.',
    ru: 'Эту рассылку тем временем изменил кто-то ещё. Посмотрите изменения и повторите свои.',
  },
  version_required: {
    status: 422,
    en: 'Say which version of the campaign you are changing.',
    ru: 'Укажите, какую версию рассылки вы меняете.',
  },
  settings_locked: {
    status: 409,
    en: 'This can be changed in a draft only. Clear the campaign to set it up anew: {fields}.',
    ru: 'Это можно изменить только в черновике. Чтобы настроить заново, очистите рассылку: {fields}.',
  },
  method_invalid: { status: 422, en: 'Choose WABA or SMS.', ru: 'Выберите WABA или SMS.' },
  channel_required: { status: 422, en: 'Choose a channel.', ru: 'Выберите канал.' },
  channel_unknown: {
    status: 422,
    en: 'This channel no longer exists in the CRM. Choose another.',
    ru: 'Этого канала больше нет в CRM. Выберите другой.',
  },
  channel_inactive: {
    status: 422,
    en: 'This channel is not connected. Connect it in the CRM, or choose another.',
    ru: 'Этот канал не подключён. Подключите его в CRM или выберите другой.',
  },
  template_required: { status: 422, en: 'Choose a template.', ru: 'Выберите шаблон.' },
  template_unknown: {
    status: 422,
    en: 'This template no longer exists on the channel. Choose another.',
    ru: 'Этого шаблона на канале больше нет. Выберите другой.',
  },
  template_not_approved: {
    status: 422,
    en: 'This template is not approved or is paused. Choose another.',
    ru: 'Этот шаблон не одобрен или приостановлен. Выберите другой.',
  },
  binding_required: {
    status: 422,
    en: 'Bind the template’s variable {variable} to a column or a text.',
    ru: 'Задайте для переменной шаблона {variable} столбец или текст.',
  },
  column_unknown: {
    status: 422,
    en: 'No loaded file has the column “{column}”. Load a file with it, or bind another.',
    ru: 'Ни в одном файле нет столбца «{column}». Загрузите файл с ним или выберите другой.',
  },
  text_required: { status: 422, en: 'Write the text of the message.', ru: 'Напишите текст сообщения.' },
  text_too_long: {
    status: 422,
    en: 'The text is too long: five SMS at most, 335 characters in Cyrillic or 765 in Latin.',
    ru: 'Текст слишком длинный: не больше пяти SMS, то есть 335 знаков кириллицей или 765 латиницей.',
  },
  removal_invalid: {
    status: 422,
    en: 'Choose what happens to the entries of a removed file.',
    ru: 'Выберите, что делать с записями удалённого файла.',
  },
  rate_invalid: {
    status: 422,
    en: 'Messages per minute: a whole number from 1 to 300.',
    ru: 'Сообщений в минуту: целое число от 1 до 300.',
  },
  search_too_short: {
    status: 422,
    en: 'Type a phone number, or at least four of its digits.',
    ru: 'Введите номер телефона или хотя бы четыре его цифры подряд.',
  },
  run_not_found: { status: 404, en: 'There is no such run.', ru: 'Такого запуска нет.' },
  row_not_found: {
    status: 404,
    en: 'There is no such row in this run.',
    ru: 'Такой строки в этом запуске нет.',
  },
  hours_invalid: {
    status: 422,
    en: 'Sending hours: a beginning, and an end at least an hour later on the same day.',
    ru: 'Часы отправки: начало и конец, хотя бы на час позже, в тот же день.',
  },
  hours_zone_invalid: {
    status: 422,
    en: 'Say whose clock counts: account or recipient.',
    ru: 'Укажите, чьи часы считать: account или recipient.',
  },
  hours_zone_locked: {
    status: 422,
    en: 'This run was begun by the account’s clock. The recipients’ local time can be chosen before the next start.',
    ru: 'Этот запуск начат по времени аккаунта. Местное время получателей можно выбрать до следующего запуска.',
  },
  ranges_not_loaded: {
    status: 422,
    en: 'It is not known which numbers are from where. Ask the administrator to load the number ranges, or use the account’s time.',
    ru: 'Неизвестно, из какого региона номера. Попросите администратора загрузить диапазоны номеров или считайте по времени аккаунта.',
  },
  time_invalid: { status: 422, en: 'Give a date and a time.', ru: 'Укажите дату и время.' },
  time_past: {
    status: 422,
    en: 'This time has passed. Choose a later one, or start now.',
    ru: 'Это время уже прошло. Выберите более позднее или запустите сейчас.',
  },
  scope_invalid: {
    status: 422,
    en: 'Choose whom to write to again: all, failed, not delivered, or groups of the report.',
    ru: 'Выберите, кому писать снова: всем, с ошибкой, недоставленным или группам из отчёта.',
  },
  list_required: { status: 422, en: 'Load a file with phone numbers.', ru: 'Загрузите файл с номерами.' },
  list_of_other_method: {
    status: 422,
    en: 'The file was read for WABA and may hold landlines. Load it again for SMS.',
    ru: 'Файл читался для WABA, в нём могут быть городские номера. Загрузите его заново для SMS.',
  },
  nobody_to_write: {
    status: 422,
    en: 'There is nobody to write to: every row is refused, a duplicate or on the stop list.',
    ru: 'Писать некому: все строки отклонены, повторяются или в стоп-листе.',
  },
  not_ready: {
    status: 422,
    en: 'The campaign is not ready to start.',
    ru: 'Рассылка ещё не готова к запуску.',
  },
  control_not_allowed: {
    status: 409,
    en: '“{control}” is not possible now: the campaign is {state}.',
    ru: 'Действие «{control}» сейчас невозможно: {state}.',
  },
  campaign_has_runs: {
    status: 409,
    en: 'Only a draft or a completed campaign can be removed. Clear it first.',
    ru: 'Удалить можно только черновик или завершённую рассылку. Сначала очистите её.',
  },
  phone_invalid: {
    status: 422,
    en: 'This is not a mobile number we can write to. Write it as +7 912 345-67-89.',
    ru: 'На этот номер написать нельзя. Напишите его так: +7 912 345-67-89.',
  },
  channel_at_limit: {
    status: 503,
    en: 'The channel is at its limit of messages per minute. Try again in a few seconds.',
    ru: 'Канал сейчас на пределе своих сообщений в минуту. Повторите через несколько секунд.',
  },
  test_row_empty: {
    status: 422,
    en: 'No message can be made of this row. Show another one, or change the text.',
    ru: 'Из этой строки сообщение не составить. Покажите другую или измените текст.',
  },
  test_not_sent: {
    status: 422,
    en: 'The test message was not sent: {reason}',
    ru: 'Пробное сообщение не отправлено: {reason}',
  },
  // Lists
  slot_unknown: {
    status: 404,
    en: 'There are two file slots: main and additional.',
    ru: 'Файлов два: основной и дополнительный.',
  },
  list_not_found: { status: 404, en: 'There is no file in this field.', ru: 'В этом поле нет файла.' },
  additional_list_off: {
    status: 409,
    en: 'Switch on “Add to contact list” first.',
    ru: 'Сначала включите «Добавить в список контактов».',
  },
  file_too_large: {
    status: 413,
    en: 'The file is 10 MB or larger. Split it in two and use the second file field.',
    ru: 'Файл 10 МБ или больше. Разделите его на два и загрузите второй в дополнительное поле.',
  },
  file_empty: { status: 422, en: 'The file is empty. Choose another.', ru: 'Файл пуст. Выберите другой.' },
  file_not_csv: {
    status: 422,
    en: 'This is not a CSV file but {kind}. In Excel: File → Save as → “CSV UTF-8 (comma delimited)”.',
    ru: 'Это не CSV, а {kind}. В Excel: Файл → Сохранить как → «CSV UTF-8 (разделитель — запятая)».',
  },
  file_unreadable: {
    status: 422,
    en: 'The file cannot be read as text near row {row}. Save it as CSV again.',
    ru: 'Файл не читается как текст около строки {row}. Сохраните его как CSV заново.',
  },
  phone_column_missing: {
    status: 422,
    en: 'No column with phone numbers was found. Name it “Phone”, and check the separator (a semicolon).',
    ru: 'Не найден столбец с телефонами. Назовите его «Телефон» и проверьте разделитель (точка с запятой).',
  },
  phone_column_unknown: {
    status: 422,
    en: 'Read this way, the file has no column number {column}. Choose another column for the phone numbers.',
    ru: 'При таком чтении в файле нет столбца с номером {column}. Выберите другой столбец с телефонами.',
  },
  reading_invalid: {
    status: 422,
    en: 'The file cannot be read this way. Choose the encoding, separator, header and phone column from the lists.',
    ru: 'Так файл прочитать нельзя. Выберите кодировку, разделитель, заголовок и столбец с телефонами из списков.',
  },
  file_not_kept: {
    status: 409,
    en: 'This file was loaded before files were kept. Load it once more to change how it is read.',
    ru: 'Этот файл загружен, когда файлы ещё не хранились. Загрузите его ещё раз, чтобы изменить чтение.',
  },
  correction_row_missing: {
    status: 422,
    en: 'The column “{column}”, which says where each row belongs, is missing. Download the rows to correct again and leave this column as it is.',
    ru: 'Нет столбца «{column}», по которому строки находят своё место. Скачайте строки для исправления ещё раз и оставьте этот столбец как есть.',
  },
  correction_phone_missing: {
    status: 422,
    en: 'The column “{column}” with the phone numbers is missing. Give it its name back, or download the rows to correct again.',
    ru: 'Нет столбца «{column}» с телефонами. Верните столбцу его название или скачайте строки для исправления ещё раз.',
  },
  correction_of_other_list: {
    status: 409,
    en: 'These corrections belong to another file, or to one that has been replaced or read anew since. Download the rows to correct of the loaded file.',
    ru: 'Это исправления к другому файлу или к тому, который с тех пор заменили или прочитали заново. Скачайте строки для исправления загруженного файла.',
  },
  no_valid_rows: {
    status: 422,
    en: 'None of the {rows} rows has a number we can write to. Check the column with phones, and how the file is read.',
    ru: 'Ни в одной из {rows} строк нет номера, на который можно написать. Проверьте столбец с телефонами и то, как прочитан файл.',
  },
  upload_aborted: {
    status: 400,
    en: 'The upload was cut off; what was loaded before is unchanged. Try again.',
    ru: 'Загрузка оборвалась, загруженное раньше не изменилось. Повторите.',
  },
  upload_in_progress: {
    status: 409,
    en: 'Another upload into this field is being read. Wait until it is ready.',
    ru: 'В это поле уже загружается другой файл. Подождите, пока он прочитается.',
  },
  // The host
  host_unavailable: {
    status: 502,
    en: 'The CRM does not answer. Try again in a minute.',
    ru: 'CRM не отвечает. Повторите через минуту.',
  },
  host_admin_first: {
    status: 403,
    en: 'An administrator of the CRM has to open the app first. Ask one to do so.',
    ru: 'Сначала приложение должен открыть администратор CRM. Попросите его об этом.',
  },
  signature_invalid: {
    status: 401,
    en: 'The signature of this call is not valid.',
    ru: 'Подпись запроса не принята.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
export type Language = 'en' | 'ru';

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** The sentence of a problem with its parameters filled in; a file's kind is a key word and becomes its name. */
export function problemText(
  code: string,
  language: Language,
  params: Record<string, string | number> = {},
): string {
  const kind = PROBLEMS[isProblemCode(code) ? code : 'invalid'];
  return kind[language].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = String(params[name] ?? whole);
    return name === 'kind' && isNotCsvKind(value) ? NOT_CSV_TEXTS[value][language] : value;
  });
}
