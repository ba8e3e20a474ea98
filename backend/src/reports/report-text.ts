import type { Language } from '../../../contract/problems.ts';
import type { MessageState } from '../../../contract/message-states.ts';
import { REFUSAL_TEXTS } from '../../../contract/list.ts';
import { MESSAGE_REASONS } from '../../../contract/message-reasons.ts';

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

export function reasonTexts(language: Language): Record<string, string> {
  const refusals = Object.entries(REFUSAL_TEXTS).map(([code, text]) => [code, text[language]]);
  const reasons = Object.entries(MESSAGE_REASONS).map(([code, { text }]) => [code, text[language]]);
  return Object.fromEntries([...refusals, ...reasons]) as Record<string, string>;
}
