/**
 * What is typed and not saved, kept until the window is closed: a reload in the middle of a word, without a network, with
 * a setting that cannot be saved or a lost session loses none of it. Nothing of the host's is in it, and it goes as soon
 * as the server has it.
 */
import type { Campaign, CampaignSettings } from '../../../contract/campaign.ts';
import { putAway, takeOut } from '../ui/window-storage.ts';
import { SETTING_KEYS, sameValue, type Draft, type SettingKey } from './settings-draft.ts';

export interface KeptDraft {
  /** Of the campaign whose settings were seen while typing. */
  version: number;
  /** Those settings, as far as they were typed over. */
  seen: Partial<CampaignSettings>;
  typed: Partial<Draft>;
}

/** Campaigns of two accounts may have one number, hardly one moment of birth. */
const keyOf = ({ id, createdAt }: Campaign) => `draft ${id} ${createdAt}`;

export function keep(campaign: Campaign, draft: Draft, seen: CampaignSettings, version: number): void {
  const keys = SETTING_KEYS.filter((key) => !sameValue(draft[key], seen[key]));
  const pick = (from: object) => Object.fromEntries(keys.map((key) => [key, (from as Draft)[key]]));
  const typed = keys.length === 0 ? null : JSON.stringify({ version, seen: pick(seen), typed: pick(draft) });
  putAway(keyOf(campaign), typed);
}

export function kept(campaign: Campaign): KeptDraft | null {
  try {
    const draft = JSON.parse(takeOut(keyOf(campaign)) ?? 'null') as KeptDraft | null;
    return draft?.typed && draft.seen ? draft : null;
  } catch {
    return null;
  }
}

/** Settings typed over that somebody else has changed since, to something else. */
export function overtaken({ seen, typed }: KeptDraft, server: CampaignSettings): SettingKey[] {
  const keys = Object.keys(typed) as SettingKey[];
  return keys.filter((key) => !sameValue(seen[key], server[key]) && !sameValue(typed[key], server[key]));
}
