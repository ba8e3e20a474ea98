/** The words of the interface: `t(key, params)`. A message with plural forms takes its form from `params.count`. */
import { shallowRef } from 'vue';
import type { Language } from '../../../contract/problems.ts';
import { en } from './en.ts';
import { ru } from './ru.ts';

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Message = string | Plural;
export type MessageKey = keyof typeof en;
type Params = Record<string, string | number>;

const MESSAGES: Record<Language, Record<MessageKey, Message>> = { en, ru };

export const language = shallowRef<Language>('en');

export function setLanguage(locale: string): void {
  language.value = /^ru\b/i.test(locale) ? 'ru' : 'en';
  if (typeof document !== 'undefined') document.documentElement.lang = language.value;
}

export const t = translator<MessageKey>(MESSAGES);

/** A part of the interface that is loaded by itself brings its own words. */
export function translator<Key extends string>(
  messages: Record<Language, Record<Key, Message>>,
): (key: Key, params?: Params) => string {
  return (key, params = {}) => {
    const message = messages[language.value][key];
    const text = typeof message === 'string' ? message : plural(message, Number(params.count ?? 0));
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name];
      return typeof value === 'number' ? number(value) : (value ?? whole);
    });
  };
}

function plural(forms: Plural, count: number): string {
  return forms[new Intl.PluralRules(language.value).select(count)] ?? forms.other;
}

export function number(value: number): string {
  return new Intl.NumberFormat(language.value).format(value);
}

export function percent(part: number): string {
  return new Intl.NumberFormat(language.value, { style: 'percent', maximumFractionDigits: 0 }).format(part);
}

/** An instant as a clock in the account's zone shows it; the year only where it is another one, seconds where asked for. */
export function dateTime(instant: string, timeZone?: string, seconds = false): string {
  const date = new Date(instant);
  const yearOf = new Intl.DateTimeFormat('en', { year: 'numeric', timeZone });
  return new Intl.DateTimeFormat(language.value, {
    ...(yearOf.format(date) === yearOf.format(new Date()) ? {} : { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    hour: language.value === 'ru' ? '2-digit' : 'numeric',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    timeZone,
  }).format(date);
}

export function time(instant: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(language.value, { timeStyle: 'medium', timeZone }).format(new Date(instant));
}

/** A point on a time axis: the time of day, with seconds where points are that close, or the day. @param step in seconds */
export function clock(date: Date, timeZone: string, step: number): string {
  const ofDay: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
  if (step < 60) ofDay.second = '2-digit';
  const form: Intl.DateTimeFormatOptions = step >= 24 * 60 * 60 ? { month: 'short', day: 'numeric' } : ofDay;
  return new Intl.DateTimeFormat(language.value, { ...form, timeZone }).format(date);
}

/** `Europe/Moscow, UTC+3` */
export function zoneName(timeZone: string, at = new Date()): string {
  const offset = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'shortOffset' })
    .formatToParts(at)
    .find((part) => part.type === 'timeZoneName')?.value;
  return `${timeZone}, ${(offset ?? '').replace('GMT', 'UTC')}`;
}

/** @param minutes ahead of UTC · @returns `UTC+3`, `UTC−3:30` */
export function utcOffset(minutes: number): string {
  const hours = Math.floor(Math.abs(minutes) / 60);
  const rest = Math.abs(minutes) % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''}`;
}

export function fileSize(bytes: number): string {
  const [unit, value] =
    bytes >= 1024 * 1024
      ? (['megabyte', bytes / 1024 / 1024] as const)
      : (['kilobyte', bytes / 1024] as const);
  return new Intl.NumberFormat(language.value, { style: 'unit', unit, maximumFractionDigits: 1 }).format(
    value,
  );
}
