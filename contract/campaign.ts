import * as v from 'valibot';
import {
  CAMPAIGN_STATES,
  CONTROLS,
  isUnderWay,
  RESTART_SCOPES,
  type CampaignState,
  type RestartScope,
} from './campaign-states.ts';
import { METHODS, TEMPLATE_CATEGORIES, TemplateSchema } from './channel.ts';
import { LengthsSchema } from './lengths.ts';
import {
  CorrectionSchema,
  ListSummarySchema,
  MAX_PHONE_LENGTH,
  RefusedBySchema,
  REMOVAL_RULES,
} from './list.ts';
import { mayWriteAgain } from './write-again.ts';
import { Count, RowAccountSchema } from './message-states.ts';
import { SendingHoursSchema } from './sending-hours.ts';

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
  /** Null: around the clock. */
  sendingHours: v.nullable(SendingHoursSchema),
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

/** Messages of the last run that ended alike, and may be written again. */
export const RestartGroupSchema = v.pipe(
  v.object({
    state: v.picklist(['failed', 'unknown', 'sent'], 'scope_invalid'),
    reason: v.nullable(v.pipe(v.string(), v.maxLength(100, 'scope_invalid'))),
  }),
  v.check((group) => mayWriteAgain(group), 'scope_invalid'),
);
export type RestartGroup = v.InferOutput<typeof RestartGroupSchema>;

const MAX_GROUPS = 50;

export const RestartSchema = v.pipe(
  v.object({
    scope: v.optional(v.picklist(RESTART_SCOPES, 'scope_invalid'), 'all'),
    /** Of the scope `chosen`. */
    groups: v.optional(v.pipe(v.array(RestartGroupSchema), v.maxLength(MAX_GROUPS, 'scope_invalid')), []),
  }),
  v.check(({ scope, groups }) => (scope === 'chosen') === groups.length > 0, 'scope_invalid'),
);
export type Restart = v.InferOutput<typeof RestartSchema>;

/** `groups=failed:gave_up,unknown:no_answer,sent:`: groups as one word of an address. */
export const RestartCountsQuerySchema = v.object({
  groups: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(5000, 'scope_invalid'),
      v.transform((text) =>
        text
          .split(',')
          .filter((part) => part !== '')
          .map((part) => {
            const [state = '', reason = ''] = part.split(':');
            return { state, reason: reason === '' ? null : reason };
          }),
      ),
      v.array(RestartGroupSchema),
      v.maxLength(MAX_GROUPS, 'scope_invalid'),
    ),
    '',
  ),
});

const CountOfParts = v.object({ failed: Count, undelivered: Count, chosen: Count });

/** How many messages each scope of a Restart would queue now. */
export const RestartCountsSchema = v.object({
  ...(Object.fromEntries(RESTART_SCOPES.map((scope) => [scope, Count])) as Record<
    RestartScope,
    typeof Count
  >),
  /** SMS segments of each part, as they were in the last run. */
  segments: CountOfParts,
  /** Of each, who is left out for being on the stop list. */
  stopped: v.object({ all: Count, ...CountOfParts.entries }),
});
export type RestartCounts = v.InferOutput<typeof RestartCountsSchema>;

export const TestMessageSchema = v.object({
  phone: v.pipe(
    v.string('phone_invalid'),
    v.minLength(1, 'phone_invalid'),
    v.maxLength(MAX_PHONE_LENGTH, 'phone_invalid'),
  ),
  /** Whose cells the message is made of, by the id of its list; else the first that one can be made of. */
  row: v.optional(v.object({ list: Count, row: Count })),
});
export type TestMessage = v.InferOutput<typeof TestMessageSchema>;

/**
 * Which message to measure: an SMS when `text` is given, a template when `bindings` are, else the saved one. What is
 * being typed can so be measured before it is saved.
 */
export const LengthsRequestSchema = v.object({
  text: v.optional(CampaignSettingsSchema.entries.text),
  /** Of the template's variables, by their keys. */
  bindings: v.optional(v.record(v.string(), BindingSchema)),
  removeDuplicates: v.optional(v.boolean()),
  /** Answer when the exact figures are there, not with an estimate at once. */
  wait: v.optional(v.boolean(), false),
});
export type LengthsRequest = v.InferOutput<typeof LengthsRequestSchema>;

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
    sendingHours: null,
  };
}

/**
 * The settings that may still be changed in each state; all others answer 409 `settings_locked`.
 * @param untouched nothing of the run has been handed out yet, so that its queue can still be made anew
 */
export function editableSettings(
  state: CampaignState,
  untouched: boolean,
): readonly (keyof CampaignSettings)[] {
  if (state === 'draft') return Object.keys(newSettings('')) as (keyof CampaignSettings)[];
  const always = ['name', 'onFileRemoval', 'ratePerMinute', 'additionalList', 'sendingHours'] as const;
  return isUnderWay(state) && !untouched ? always : [...always, 'removeDuplicates'];
}

/** Why a campaign paused. `user` and `clearing` are people's doing: Pause, and a Clear that goes on or was cut off. */
export const PAUSE_REASONS = [
  'user',
  'clearing',
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

const Instant = v.string();

/** What stands in the way of Start; `field` is the setting to look at. */
export const ObstacleSchema = v.object({
  field: v.union([v.keyof(CampaignSettingsSchema), v.literal('mainList')]),
  code: v.string(),
  params: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
});
export type Obstacle = v.InferOutput<typeof ObstacleSchema>;

/** Of what is to be sent, the part whose recipients have this clock. */
export const ZoneShareSchema = v.object({
  /** Minutes ahead of UTC. */
  utcOffset: v.number(),
  messages: Count,
  /** When its hours begin; null: they have begun. */
  opensAt: v.nullable(Instant),
});
export type ZoneShare = v.InferOutput<typeof ZoneShareSchema>;

export const ProgressSchema = v.object({
  /** Runs are numbered from 1; 0 before the first Start. */
  run: Count,
  account: RowAccountSchema,
  replied: Count,
  /** Messages handed over in the last 60 seconds. */
  lastMinute: Count,
  /** Running, but outside its sending hours: when it goes on. */
  waitsUntil: v.nullable(Instant),
  /** With hours by the recipients' clocks: what has not been handed out, the furthest east first. Else null. */
  zones: v.nullable(v.array(ZoneShareSchema)),
  /** When the queue will be empty at the set rate, or at the slower pace of its channel; null unless running. */
  finishAt: v.nullable(Instant),
  /** When the run was over; null before, and before the first. */
  finishedAt: v.nullable(Instant),
  /** What the limit of the channel makes of the rate at present; null while it does not hold the campaign back. */
  channelPace: v.nullable(
    v.object({
      /** Of the channel, in messages a minute. */
      limit: v.number(),
      /** Running campaigns that share it, this one included. */
      campaigns: Count,
      /** This campaign's part, in messages a minute; below 1 where there are more campaigns than messages. */
      perMinute: v.number(),
    }),
  ),
});
export type Progress = v.InferOutput<typeof ProgressSchema>;

export const CampaignSchema = v.object({
  id: Count,
  version: Count,
  state: v.picklist(CAMPAIGN_STATES),
  pauseReason: v.nullable(v.picklist(PAUSE_REASONS)),
  /** What the provider or the system said about the pause, in its own words. */
  pauseDetail: v.nullable(v.string()),
  /** The instant a scheduled campaign starts. */
  scheduledFor: v.nullable(Instant),
  /** A draft whose scheduled start came to nothing: when, and what stood in the way. Null after the next Start. */
  notStarted: v.nullable(v.object({ at: Instant, obstacles: v.array(ObstacleSchema) })),
  settings: CampaignSettingsSchema,
  /** The template as it was when the run began; null for a draft, whose template the channel lists. */
  template: v.nullable(TemplateSchema),
  lists: v.array(ListSummarySchema),
  /** Nothing of the present run has been handed out: duplicates may still be removed or let in. */
  untouched: v.boolean(),
  progress: ProgressSchema,
  /** What the state and the caller's role allow. */
  controls: v.array(v.picklist(CONTROLS)),
  createdAt: Instant,
  updatedAt: Instant,
  /** When all this was read, by the database's clock: of two answers the later one is true. */
  asOf: Instant,
});
export type Campaign = v.InferOutput<typeof CampaignSchema>;

/** One line of the list of campaigns. */
/** Queue positions that say how a run goes lately. */
export const LATELY = 100;

export const CampaignCardSchema = v.object({
  id: Count,
  name: v.string(),
  method: v.picklist(METHODS),
  state: v.picklist(CAMPAIGN_STATES),
  pauseReason: v.nullable(v.picklist(PAUSE_REASONS)),
  scheduledFor: v.nullable(Instant),
  ratePerMinute: Count,
  /** Queue positions handed out and in all of the current run. */
  handedOut: Count,
  total: Count,
  /** Of a run under way, the last `LATELY` of the queue that have an outcome, and how many of them failed. */
  lately: v.object({ messages: Count, failed: Count }),
  updatedAt: Instant,
});
export type CampaignCard = v.InferOutput<typeof CampaignCardSchema>;

/** Campaigns in one answer, unless fewer are asked for. */
export const PAGE_SIZE = 50;

/** Which of the campaigns, and from where on. */
export const CampaignQuerySchema = v.object({
  /** A part of the name, in any case. */
  search: v.optional(v.pipe(v.string('malformed'), v.maxLength(MAX_NAME_LENGTH, 'name_too_long'))),
  state: v.optional(v.picklist(CAMPAIGN_STATES, 'malformed')),
  /** What the answer before called `next`. */
  after: v.optional(v.pipe(v.string('malformed'), v.regex(/^[01]_\d{1,17}_\d{1,9}$/, 'malformed'))),
});
export type CampaignQuery = v.InferOutput<typeof CampaignQuerySchema>;

export const CampaignPageSchema = v.object({
  data: v.array(CampaignCardSchema),
  /** Where the next page begins; null at the end. It stays good while campaigns change. */
  next: v.nullable(v.string()),
  /** Campaigns in each state whose name is as searched for. */
  counts: v.object(
    Object.fromEntries(CAMPAIGN_STATES.map((state) => [state, Count])) as Record<CampaignState, typeof Count>,
  ),
});
export type CampaignPage = v.InferOutput<typeof CampaignPageSchema>;

/** What does not stand in the way of Start, but a person would rather know of before it. */
export const WARNINGS = [
  'duplicates_kept',
  'many_refused',
  'stray_braces',
  'empty_variables',
  'unsendable_rows',
  'by_night',
  'channel_slower',
] as const;

/** `field` is the setting to look at; `count` is of rows, but of messages a minute for `channel_slower`. */
export const WarningSchema = v.object({
  field: ObstacleSchema.entries.field,
  code: v.picklist(WARNINGS),
  count: Count,
});
export type Warning = v.InferOutput<typeof WarningSchema>;

/** What Start will do, shown before it. */
export const PreviewSchema = v.object({
  obstacles: v.array(ObstacleSchema),
  warnings: v.array(WarningSchema),
  account: RowAccountSchema,
  refusedBy: RefusedBySchema,
  recipients: Count,
  /** What the rows make of the message; null while there is no message. Not exact: scaled up from a sample. */
  lengths: v.nullable(LengthsSchema),
  /** WABA: the template's category. */
  category: v.nullable(v.picklist(TEMPLATE_CATEGORIES)),
  /** When the first message leaves; null: at once. */
  startAt: v.nullable(Instant),
  finishAt: v.nullable(Instant),
  /** With hours by the recipients' clocks: an estimate from some of the rows, the furthest east first. Else null. */
  zones: v.nullable(v.array(ZoneShareSchema)),
  /** The first three messages as they will be sent; phones are shortened. */
  samples: v.array(v.object({ phone: v.string(), text: v.string(), empty: v.array(v.string()) })),
});
export type Preview = v.InferOutput<typeof PreviewSchema>;

/** The answer to a control. */
export const ControlResultSchema = v.object({
  campaign: CampaignSchema,
  /** Messages already on their way to the provider when the control took effect. */
  inFlight: Count,
  effectiveAt: Instant,
});
export type ControlResult = v.InferOutput<typeof ControlResultSchema>;

/** The answer to a correction file. */
export const CorrectionResultSchema = v.object({ campaign: CampaignSchema, correction: CorrectionSchema });
export type CorrectionResult = v.InferOutput<typeof CorrectionResultSchema>;

export const HistoryEntrySchema = v.object({
  at: Instant,
  /** The host's user id, or `system`. */
  by: v.string(),
  action: v.string(),
  from: v.nullable(v.picklist(CAMPAIGN_STATES)),
  to: v.picklist(CAMPAIGN_STATES),
  reason: v.nullable(v.string()),
  /** Messages a minute that held after it; null where that was not kept. */
  rate: v.nullable(Count),
});
export type HistoryEntry = v.InferOutput<typeof HistoryEntrySchema>;

export const RunSchema = v.object({
  run: Count,
  scope: v.picklist(RESTART_SCOPES),
  startedAt: Instant,
  finishedAt: v.nullable(Instant),
  startedBy: v.string(),
});
export type Run = v.InferOutput<typeof RunSchema>;
