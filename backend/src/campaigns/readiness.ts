import type { CampaignSettings, Obstacle } from '../../../contract/campaign.ts';
import type { Channel, Method, Template } from '../../../contract/channel.ts';
import type { ListSummary } from '../../../contract/list.ts';
import { MAX_SEGMENTS, smsLength } from '../../../contract/sms-length.ts';
import { columnKey, renderText, parseText, textVariables } from '../../../contract/sms-text.ts';
import { localToInstant } from '../../../contract/zoned-time.ts';

export interface ReadinessFacts {
  settings: CampaignSettings;
  lists: readonly (Pick<ListSummary, 'columns'> & { method: Method })[];
  /** The chosen ones as the host lists them now; null where they no longer exist. */
  channel: Channel | null;
  template: Template | null;
  timeZone: string;
  now: Date;
}

/** Everything that stands in the way of Start, in the order of the form. Empty: it may start. */
export function obstacles(facts: ReadinessFacts): Obstacle[] {
  const { settings } = facts;
  return [
    ...channelObstacles(facts),
    ...(settings.method === 'waba' ? templateObstacles(facts) : textObstacles(facts)),
    ...(facts.lists.length === 0 ? [{ field: 'mainList' as const, code: 'list_required' }] : []),
    // Read for WABA, a file may hold landlines, to which no SMS goes.
    ...(settings.method === 'sms' && facts.lists.some(({ method }) => method === 'waba')
      ? [{ field: 'mainList' as const, code: 'list_of_other_method' }]
      : []),
    ...scheduleObstacles(facts),
  ];
}

function channelObstacles({ settings, channel }: ReadinessFacts): Obstacle[] {
  if (settings.channelId === null) return [{ field: 'channelId', code: 'channel_required' }];
  if (!channel || channel.method !== settings.method)
    return [{ field: 'channelId', code: 'channel_unknown' }];
  return channel.status === 'active' ? [] : [{ field: 'channelId', code: 'channel_inactive' }];
}

function templateObstacles({ settings, template, lists }: ReadinessFacts): Obstacle[] {
  if (settings.templateId === null) return [{ field: 'templateId', code: 'template_required' }];
  if (!template) return [{ field: 'templateId', code: 'template_unknown' }];
  if (template.status !== 'approved') return [{ field: 'templateId', code: 'template_not_approved' }];
  return template.variables.flatMap(({ key, part, name }): Obstacle[] => {
    const binding = settings.bindings[key];
    if (!binding || (binding.kind === 'text' && binding.text.trim() === '')) {
      return [{ field: 'bindings', code: 'binding_required', params: { variable: `{{${name}}}`, part } }];
    }
    return binding.kind === 'column' ? missingColumns(lists, [binding.column], 'bindings') : [];
  });
}

function textObstacles({ settings, lists }: ReadinessFacts): Obstacle[] {
  if (settings.text.trim() === '') return [{ field: 'text', code: 'text_required' }];
  // The fixed part alone, as the form's counter measures it: every row is at least this long.
  const fixed = renderText(parseText(settings.text), () => '').text;
  if (smsLength(fixed).segments > MAX_SEGMENTS) return [{ field: 'text', code: 'text_too_long' }];
  return missingColumns(lists, textVariables(settings.text), 'text');
}

/** A column must stand in at least one of the files; rows of the other then take the fallback. */
function missingColumns(
  lists: ReadinessFacts['lists'],
  columns: readonly string[],
  field: Obstacle['field'],
): Obstacle[] {
  if (lists.length === 0) return [];
  const known = new Set(lists.flatMap((list) => list.columns.map(columnKey)));
  return columns
    .filter((column) => !known.has(columnKey(column)))
    .map((column) => ({ field, code: 'column_unknown', params: { column } }));
}

function scheduleObstacles({ settings, timeZone, now }: ReadinessFacts): Obstacle[] {
  if (settings.schedule.kind === 'now') return [];
  const at = localToInstant(settings.schedule.at, timeZone);
  if (!at) return [{ field: 'schedule', code: 'time_invalid' }];
  return at <= now ? [{ field: 'schedule', code: 'time_past' }] : [];
}
