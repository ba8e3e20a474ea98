import * as v from 'valibot';
import { METHODS, type Template } from './channel.ts';
import { RESTART_SCOPES, type CampaignState, type Control } from './campaign-states.ts';
import { REMOVAL_RULES, type ListSummary, type Refusal } from './list.ts';
import type { RowAccount } from './message-states.ts';

export const MIN_RATE = 1;
export const MAX_RATE = 300;
export const MAX_NAME_LENGTH = 100;
export const MAX_TEXT_LENGTH = 2000;

/** Issue messages are codes: `problems.ts` holds their sentences in both languages. */
export const NameSchema = v.pipe(
  v.string('name_required'),
  v.trim(),
  v.minLength(1, 'name_required'),
  v.maxLength(MAX_NAME_LENGTH, 'name_too_long'),
);

export const RateSchema = v.pipe(
  v.number('rate_invalid'),
  v.integer('rate_invalid'),
  v.minValue(MIN_RATE, 'rate_invalid'),
  v.maxValue(MAX_RATE, 'rate_invalid'),
);

/** What fills a template's variable: a column of the file, with a text for empty cells, or one text for all. */
export const BindingSchema = v.variant('kind', [
  v.object({
    kind: v.literal('column'),
    column: v.pipe(v.string(), v.minLength(1, 'binding_required')),
    fallback: v.optional(v.pipe(v.string(), v.maxLength(1024, 'text_too_long')), ''),
  }),
  v.object({
    kind: v.literal('text'),
    text: v.pipe(v.string(), v.minLength(1, 'binding_required'), v.maxLength(1024, 'text_too_long')),
  }),
]);
export type Binding = v.InferOutput<typeof BindingSchema>;

/** `at` is clock time in the account's zone, as a datetime-local input gives it: `2026-11-24T10:00`. */
export const ScheduleSchema = v.variant('kind', [
  v.object({ kind: v.literal('now') }),
  v.object({
    kind: v.literal('at'),
    at: v.pipe(v.string('time_invalid'), v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/, 'time_invalid')),
  }),
]);
export type Schedule = v.InferOutput<typeof ScheduleSchema>;

/** The settings of the card, in the order of the manual. A draft may be incomplete; Start asks for the rest. */
export const CampaignSettingsSchema = v.object({
  name: NameSchema,
  method: v.picklist(METHODS, 'method_invalid'),
  channelId: v.nullable(v.string()),
  templateId: v.nullable(v.string()),
  bindings: v.record(v.string(), BindingSchema),
  text: v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH, 'text_too_long')),
  removeDuplicates: v.boolean(),
  additionalList: v.boolean(),
  onFileRemoval: v.picklist(REMOVAL_RULES, 'removal_invalid'),
  ratePerMinute: RateSchema,
  schedule: ScheduleSchema,
});
export type CampaignSettings = v.InferOutput<typeof CampaignSettingsSchema>;

export const NewCampaignSchema = v.object({ name: NameSchema });
export type NewCampaign = v.InferOutput<typeof NewCampaignSchema>;

/** Any of the settings, with the version they were read at: another one answers 409 `version_conflict`. */
export const CampaignChangeSchema = v.object({
  version: v.pipe(v.number('version_required'), v.integer('version_required')),
  settings: v.partial(CampaignSettingsSchema),
});
export type CampaignChange = v.InferOutput<typeof CampaignChangeSchema>;

export const RestartSchema = v.object({
  scope: v.optional(v.picklist(RESTART_SCOPES, 'scope_invalid'), 'all'),
});
export type Restart = v.InferOutput<typeof RestartSchema>;

export const TestMessageSchema = v.object({
  phone: v.pipe(v.string('phone_invalid'), v.minLength(1, 'phone_invalid')),
});
export type TestMessage = v.InferOutput<typeof TestMessageSchema>;

export function newSettings(name: string): CampaignSettings {
  return {
    name,
    method: 'waba',
    channelId: null,
    templateId: null,
    bindings: {},
    text: '',
    removeDuplicates: true,
    additionalList: false,
    onFileRemoval: 'remove',
    ratePerMinute: 60,
    schedule: { kind: 'now' },
  };
}

/** The settings that may still be changed in each state; all others answer 409 `settings_locked`. */
export function editableSettings(state: CampaignState): readonly (keyof CampaignSettings)[] {
  if (state === 'draft') return Object.keys(newSettings('')) as (keyof CampaignSettings)[];
  if (state === 'completed')
    return ['name', 'onFileRemoval', 'ratePerMinute', 'additionalList', 'removeDuplicates'];
  return ['name', 'onFileRemoval', 'ratePerMinute', 'additionalList'];
}

/** Why a campaign paused, when it was not a person who did it. */
export const PAUSE_REASONS = [
  'user',
  'missed_start',
  'not_ready',
  'credentials',
  'sender_blocked',
  'template_unavailable',
  'balance',
  'channel_unavailable',
  'all_refused',
  'installation_disabled',
] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

export interface Progress {
  /** Runs are numbered from 1; 0 before the first Start. */
  run: number;
  account: RowAccount;
  replied: number;
  /** Messages handed over in the last 60 seconds. */
  lastMinute: number;
  /** When the queue will be empty at the set rate; null unless running. */
  finishAt: string | null;
}

export interface Campaign {
  id: number;
  version: number;
  state: CampaignState;
  pauseReason: PauseReason | null;
  /** What the provider or the system said about the pause, in its own words. */
  pauseDetail: string | null;
  /** The instant a scheduled campaign starts. */
  scheduledFor: string | null;
  settings: CampaignSettings;
  /** The chosen template as the host lists it now, or as it was when the run began. */
  template: Template | null;
  lists: ListSummary[];
  progress: Progress;
  /** What the state and the caller's role allow. */
  controls: Control[];
  createdAt: string;
  updatedAt: string;
}

/** One line of the list of campaigns. */
export interface CampaignCard {
  id: number;
  name: string;
  method: CampaignSettings['method'];
  state: CampaignState;
  pauseReason: PauseReason | null;
  scheduledFor: string | null;
  ratePerMinute: number;
  /** Queue positions handed out and in all of the current run. */
  handedOut: number;
  total: number;
  updatedAt: string;
}

/** What stands in the way of Start; `field` is the setting to look at. */
export interface Obstacle {
  field: keyof CampaignSettings | 'mainList';
  code: string;
  params?: Record<string, string | number>;
}

/** What Start will do, shown before it. */
export interface Preview {
  obstacles: Obstacle[];
  account: RowAccount;
  refusedBy: Partial<Record<Refusal, number>>;
  recipients: number;
  /** SMS: how many rows take 1, 2, … segments; more than five are not sent. `exact` is false for a sample. */
  segments: { exact: boolean; rows: Record<number, number>; tooLong: number; emptyVariables: number } | null;
  /** WABA: the template's category. */
  category: Template['category'] | null;
  startAt: string | null;
  finishAt: string | null;
  /** The first three messages as they will be sent; phones are shortened. */
  samples: { phone: string; text: string; empty: string[] }[];
}

/** The answer to a control. */
export interface ControlResult {
  campaign: Campaign;
  /** Messages already on their way to the provider when the control took effect. */
  inFlight: number;
  effectiveAt: string;
}

export interface HistoryEntry {
  at: string;
  /** The host's user id, or `system`. */
  by: string;
  action: string;
  from: CampaignState | null;
  to: CampaignState;
  reason: string | null;
}
