import type { Language } from '../../../contract/problems.ts';
import type { MessageState } from '../../../contract/message-states.ts';
import { REFUSAL_TEXTS } from '../../../contract/list.ts';

/** The words of the report, by language. */
export const COLUMNS: Record<Language, string[]> = {
  en: [
    'Phone',
    'Original cell',
    'Row',
    'File',
    'List',
    'Run',
    'State',
    'Reason',
    'SMS segments',
    'Sent',
    'Delivered',
    'Read',
    'Replied',
    'Provider id',
    'Variables',
  ],
  ru: [
    'Телефон',
    'Исходная ячейка',
    'Строка',
    'Файл',
    'Список',
    'Запуск',
    'Состояние',
    'Причина',
    'Сегментов SMS',
    'Отправлено',
    'Доставлено',
    'Прочитано',
    'Ответ',
    'Номер у провайдера',
    'Переменные',
  ],
};

export const STATES: Record<
  Language,
  Record<MessageState | 'refused' | 'sending' | 'not_started', string>
> = {
  en: {
    not_started: 'not started',
    refused: 'refused',
    queued: 'queued',
    sending: 'sending',
    cancelled: 'cancelled',
    duplicate: 'duplicate',
    stopped: 'on the stop list',
    unknown: 'unknown',
    sent: 'sent',
    failed: 'failed',
    delivered: 'delivered',
    read: 'read',
  },
  ru: {
    not_started: 'не запускалось',
    refused: 'отклонено',
    queued: 'в очереди',
    sending: 'отправляется',
    cancelled: 'отменено',
    duplicate: 'повтор',
    stopped: 'в стоп-листе',
    unknown: 'неизвестно',
    sent: 'отправлено',
    failed: 'ошибка',
    delivered: 'доставлено',
    read: 'прочитано',
  },
};

export const SLOTS: Record<Language, Record<'main' | 'additional', string>> = {
  en: { main: 'main', additional: 'additional' },
  ru: { main: 'основной', additional: 'дополнительный' },
};

/** Reasons of messages; those of refused rows are the contract's. A reason without a sentence is shown as it is. */
const MESSAGE_REASONS: Record<Language, Record<string, string>> = {
  en: {
    list_removed: 'The file was removed before its turn came.',
    cleared: 'The campaign was cleared before its turn came.',
    stop_list: 'The number is on the stop list.',
    empty_variable: 'A variable’s cell is empty and has no fallback.',
    sms_too_long: 'With its variables the text is longer than five SMS.',
    no_answer: 'The provider’s answer never came: it may have been sent.',
    gave_up: 'The provider turned it away five times.',
    recipient_invalid: 'The provider does not know this number.',
    recipient_opted_out: 'The customer has opted out.',
    recipient_unreachable: 'The number cannot be reached through this channel.',
    refused: 'The provider refused it.',
  },
  ru: {
    list_removed: 'Файл удалён раньше, чем подошла очередь.',
    cleared: 'Рассылку очистили раньше, чем подошла очередь.',
    stop_list: 'Номер в стоп-листе.',
    empty_variable: 'Ячейка переменной пуста, а замены нет.',
    sms_too_long: 'С переменными текст длиннее пяти SMS.',
    no_answer: 'Провайдер не ответил: сообщение могло уйти.',
    gave_up: 'Провайдер отложил его пять раз.',
    recipient_invalid: 'Провайдер не знает такого номера.',
    recipient_opted_out: 'Клиент отписался.',
    recipient_unreachable: 'Номер недоступен в этом канале.',
    refused: 'Провайдер отказал.',
  },
};

export function reasonTexts(language: Language): Record<string, string> {
  const refusals = Object.entries(REFUSAL_TEXTS).map(([code, text]) => [code, text[language]]);
  return { ...Object.fromEntries(refusals), ...MESSAGE_REASONS[language] } as Record<string, string>;
}
