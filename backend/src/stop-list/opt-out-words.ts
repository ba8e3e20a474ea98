/**
 * A reply that asks to stop: the whole message, after trimming, in any case, ё as е, without the marks around it.
 * "Please don't stop" is not one.
 */
const WORDS = new Set([
  'стоп',
  'отписка',
  'отписаться',
  'отпишите',
  'отпишите меня',
  'отказ',
  'отказываюсь',
  'не пишите',
  'не пишите мне',
  'удалите меня',
  'stop',
  'stop all',
  'stopall',
  'unsubscribe',
  'cancel',
  'end',
  'quit',
  'opt out',
  'optout',
]);

export function isOptOut(text: string): boolean {
  const plain = text
    .toLowerCase()
    .replace(/ё/g, 'е')
    .replace(/[\p{P}\p{S}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return WORDS.has(plain);
}
