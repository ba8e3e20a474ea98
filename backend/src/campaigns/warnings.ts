import type { CampaignSettings, Warning } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import type { RowAccount } from '../../../contract/message-states.ts';
import { strayBraces } from '../../../contract/sms-text.ts';
import { endOfSending, nextOpen, USUAL_HOURS } from '../../../contract/sending-hours.ts';

/** From this part of the rows on, refused ones look like a wrong column rather than like single slips. */
const MANY_REFUSED = 0.05;

interface Facts {
  settings: Pick<CampaignSettings, 'method' | 'text' | 'removeDuplicates' | 'sendingHours' | 'ratePerMinute'>;
  lists: readonly { duplicates: number; duplicates_of_other: number }[];
  account: RowAccount;
  /** Null while there is no message. */
  lengths: Lengths | null;
  /** Of the channel, in messages a minute; null: none. */
  limitPerMinute: number | null;
  /** From the first message to the last, in ms since 1970; null where nothing would be sent. */
  sending: { from: number; to: number } | null;
  timeZone: string;
}

/** What people regret after Start, in the order of how much. */
export function warningsOf(facts: Facts): Warning[] {
  const { settings, lists, account, lengths, limitPerMinute, sending, timeZone } = facts;
  const warnings: Warning[] = [];
  const warn = (field: Warning['field'], code: Warning['code'], count: number) =>
    count > 0 && warnings.push({ field, code, count });
  if (!settings.removeDuplicates) {
    const again = lists.reduce((sum, list) => sum + list.duplicates + list.duplicates_of_other, 0);
    warn('removeDuplicates', 'duplicates_kept', again);
  }
  if (settings.method === 'sms') warn('text', 'stray_braces', strayBraces(settings.text).length);
  if (lengths?.method === 'sms') {
    warn('text', 'unsendable_rows', lengths.tooLong + lengths.blank);
    warn('text', 'empty_variables', lengths.unfilled);
  } else if (lengths) warn('bindings', 'unsendable_rows', lengths.unfilled);
  if (account.refused >= MANY_REFUSED * account.rows) warn('mainList', 'many_refused', account.refused);
  if (sending && !settings.sendingHours && isByNight(sending, timeZone)) {
    warn('sendingHours', 'by_night', account.queued);
  }
  if (limitPerMinute !== null && limitPerMinute < settings.ratePerMinute) {
    warn('ratePerMinute', 'channel_slower', limitPerMinute);
  }
  return warnings;
}

/** Whether keeping to the usual hours of the account's zone would make the sending end later. */
function isByNight({ from, to }: { from: number; to: number }, zone: string): boolean {
  return nextOpen(from, USUAL_HOURS, zone) > from || endOfSending(from, to - from, USUAL_HOURS, zone) > to;
}
