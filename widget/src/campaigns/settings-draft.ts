/** What is typed, against what the server holds: which settings differ, and which of those may be sent. */
import * as v from 'valibot';
import { BindingSchema, CampaignSettingsSchema, type CampaignSettings } from '../../../contract/campaign.ts';

export type SettingKey = keyof CampaignSettings;

/** As typed: a rate may be any text until it is a number. */
export type Draft = Omit<CampaignSettings, 'ratePerMinute'> & { ratePerMinute: number | string };

export const SETTING_KEYS = Object.keys(CampaignSettingsSchema.entries) as SettingKey[];

export function draftOf(settings: CampaignSettings): Draft {
  return copy(settings);
}

/** Settings are JSON, and may be Vue's proxies, which structuredClone refuses. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The rate as typed; whatever is not a whole number stays text, so that the schema refuses it. */
export function typedRate(text: string): number | string {
  return /^\d+$/.test(text.trim()) ? Number(text.trim()) : text;
}

export function clean(key: SettingKey, value: unknown): { valid: boolean; value: unknown } {
  // A variable not bound yet is no reason to keep the other bindings from being saved.
  if (key === 'bindings') return { valid: true, value: boundOnly(value as CampaignSettings['bindings']) };
  const schema = CampaignSettingsSchema.entries[key] as v.GenericSchema;
  const result = v.safeParse(schema, value);
  return result.success ? { valid: true, value: result.output } : { valid: false, value };
}

function boundOnly(bindings: CampaignSettings['bindings']): CampaignSettings['bindings'] {
  return Object.fromEntries(Object.entries(bindings).filter(([, binding]) => v.is(BindingSchema, binding)));
}

/** Equal but for the order of keys, which the database does not keep. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

export function differingKeys(a: CampaignSettings, b: CampaignSettings): SettingKey[] {
  return SETTING_KEYS.filter((key) => !sameValue(a[key], b[key]));
}

export interface DraftChanges {
  /** Valid and different from the base: to be saved. */
  changes: Partial<CampaignSettings>;
  /** Typed but not valid: kept on the screen, not sent. */
  invalid: SettingKey[];
}

export function changesOf(
  draft: Draft,
  base: CampaignSettings,
  editable: readonly SettingKey[],
): DraftChanges {
  const changes: Record<string, unknown> = {};
  const invalid: SettingKey[] = [];
  for (const key of editable) {
    const typed = clean(key, draft[key]);
    if (!typed.valid) {
      if (!sameValue(draft[key], base[key])) invalid.push(key);
    } else if (!sameValue(typed.value, base[key])) {
      changes[key] = typed.value;
    }
  }
  return { changes: copy(changes) as Partial<CampaignSettings>, invalid };
}

/**
 * The draft after the server's word: settings changed here since stay as they are typed, all others are the
 * server's. A name typed with a space at its end is the same name, so the space is not taken away.
 */
export function rebase(draft: Draft, base: CampaignSettings, server: CampaignSettings): void {
  for (const key of SETTING_KEYS) {
    const typed = clean(key, draft[key]);
    if (sameValue(typed.value, server[key])) continue;
    const touched = !sameValue(typed.value, base[key]);
    if (!touched) Object.assign(draft, { [key]: copy(server[key]) });
  }
}
