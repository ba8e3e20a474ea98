/** States and reasons of a report in the reader's words. */
import { REFUSAL_TEXTS, type Refusal } from '../../../contract/list.ts';
import { MESSAGE_REASONS } from '../../../contract/message-reasons.ts';
import type { ReportGroup, ReportState } from '../../../contract/report.ts';
import { language, t } from '../i18n/index.ts';
import { rt } from './words.ts';

export function stateText(state: ReportState): string {
  return t(state === 'duplicate' ? 'part.duplicates' : `part.${state}`);
}

/** A reason nobody has put into words is shown as it came. */
export function reasonText(reason: string): string {
  const refusal = (REFUSAL_TEXTS as Partial<typeof REFUSAL_TEXTS>)[reason as Refusal];
  return (MESSAGE_REASONS[reason]?.text ?? refusal)?.[language.value] ?? reason;
}

export function groupText({ state, reason }: Pick<ReportGroup, 'state' | 'reason'>): string {
  if (reason !== null) return reasonText(reason);
  switch (state) {
    case 'sent':
    case 'failed':
    case 'unknown':
    case 'duplicate':
    case 'stopped':
    case 'cancelled':
    case 'refused':
      return rt(`groups.${state}`);
    default:
      return stateText(state);
  }
}

export function adviceFor({ state, reason }: Pick<ReportGroup, 'state' | 'reason'>): string {
  if (state === 'refused') return rt('groups.refusedAdvice');
  if (state === 'sent') return rt('groups.sentAdvice');
  const known = MESSAGE_REASONS[reason ?? (state === 'unknown' ? 'no_answer' : '')];
  return known?.advice?.[language.value] ?? '';
}
