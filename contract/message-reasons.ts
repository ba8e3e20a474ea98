import type { Language } from './problems.ts';

export interface ReasonText {
  text: Record<Language, string>;
  /** What a person can do about it; a reason without is nobody's to mend. */
  advice?: Record<Language, string>;
}

/** Why a message is where it is, in words; a reason without a sentence is shown as it is. Those of refused rows: `list.ts`. */
export const MESSAGE_REASONS: Record<string, ReasonText> = {
  list_removed: {
    text: {
      en: 'The file was removed before its turn came.',
      ru: 'Файл удалён раньше, чем подошла очередь.',
    },
  },
  cleared: {
    text: {
      en: 'The campaign was cleared before its turn came.',
      ru: 'Рассылку очистили раньше, чем подошла очередь.',
    },
  },
  stop_list: {
    text: { en: 'The number is on the stop list.', ru: 'Номер в стоп-листе.' },
    advice: {
      en: 'These people have asked not to be written to.',
      ru: 'Эти люди просили им не писать.',
    },
  },
  empty_variable: {
    text: {
      en: 'A variable’s cell is empty and has no fallback.',
      ru: 'Ячейка переменной пуста, а замены нет.',
    },
    advice: {
      en: 'Writing again would change nothing. Download these rows under the text of the message, fill their cells and send them as a campaign of their own; there the variable may also have a text for empty cells.',
      ru: 'Повторная отправка ничего не изменит. Скачайте эти строки ниже, под текстом сообщения, заполните ячейки и отправьте отдельной рассылкой; в ней переменной можно задать и текст для пустых ячеек.',
    },
  },
  sms_too_long: {
    text: {
      en: 'With its variables the text is longer than five SMS.',
      ru: 'С переменными текст длиннее пяти SMS.',
    },
    advice: {
      en: 'Writing again would change nothing. Download these rows under the text of the message and send them as a campaign of their own, with a shorter text or shorter cells.',
      ru: 'Повторная отправка ничего не изменит. Скачайте эти строки ниже, под текстом сообщения, и отправьте отдельной рассылкой, с более коротким текстом или значениями.',
    },
  },
  no_answer: {
    text: {
      en: 'The provider’s answer never came: it may have been sent.',
      ru: 'Провайдер не ответил: сообщение могло уйти.',
    },
    advice: {
      en: 'Ask the provider before you write again: some of these people may already have the message.',
      ru: 'Прежде чем писать снова, спросите провайдера: часть этих людей могла уже получить сообщение.',
    },
  },
  not_known: {
    text: {
      en: 'The provider never answered, and does not know the message.',
      ru: 'Провайдер не ответил и о сообщении не знает.',
    },
    advice: {
      en: 'Most likely it was never sent. You may write again; a second message is possible, but unlikely.',
      ru: 'Скорее всего, оно не ушло. Можно написать снова: второе сообщение возможно, но маловероятно.',
    },
  },
  gave_up: {
    text: { en: 'The provider turned it away five times.', ru: 'Провайдер отложил его пять раз.' },
    advice: {
      en: 'The provider was overloaded. Write again later, at a lower rate.',
      ru: 'Провайдер был перегружен. Напишите снова позже и с меньшей скоростью.',
    },
  },
  recipient_invalid: {
    text: { en: 'The provider does not know this number.', ru: 'Провайдер не знает такого номера.' },
    advice: {
      en: 'Check the numbers with the customers; writing to them again changes nothing.',
      ru: 'Уточните номера у клиентов: повторная отправка ничего не изменит.',
    },
  },
  recipient_opted_out: {
    text: { en: 'The customer has opted out.', ru: 'Клиент отписался.' },
    advice: { en: 'They must not be written to again.', ru: 'Писать им больше нельзя.' },
  },
  recipient_unreachable: {
    text: {
      en: 'The number cannot be reached through this channel.',
      ru: 'Номер недоступен в этом канале.',
    },
    advice: {
      en: 'The phone may be switched off, or have no WhatsApp where it was written to there. Try later, or another channel.',
      ru: 'Телефон может быть выключен, а для WhatsApp — без него. Попробуйте позже или другим каналом.',
    },
  },
  refused: {
    text: { en: 'The provider refused it.', ru: 'Провайдер отказал.' },
    advice: {
      en: 'What the provider said stands beside it; ask the provider where it is not clear.',
      ru: 'Рядом — слова провайдера; если они непонятны, спросите у него.',
    },
  },
};
