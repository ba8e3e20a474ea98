import { RU } from './texts-ru.ts';
import { EN } from './texts-en.ts';

export type Locale = 'ru' | 'en';
export type TextKey = keyof typeof RU;

export const TEXTS: Record<Locale, Record<TextKey, string>> = { ru: RU, en: EN };
