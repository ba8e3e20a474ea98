import type { PauseReason } from '../../../../contract/campaign.ts';
import type { GatewayAnswer } from '../../dispatch/gateway.ts';
import { LONGEST_PAUSE_MS } from '../../dispatch/outcome-of.ts';

/**
 * The host's problem codes (contract/host-api.ts) and what each means for sending. What is not here is told by its
 * HTTP status; an unknown refusal concerns this recipient only and is never tried in a loop.
 */
const REFUSED: Record<string, { again: boolean }> = {
  recipient_invalid: { again: false },
  recipient_opted_out: { again: false },
  recipient_unreachable: { again: true },
};

const STOPS: Record<string, PauseReason> = {
  unauthorized: 'credentials',
  sender_blocked: 'sender_blocked',
  channel_not_found: 'sender_blocked',
  template_paused: 'template_unavailable',
  template_not_found: 'template_unavailable',
  template_mismatch: 'template_unavailable',
  balance: 'balance',
};

export interface HostAnswer {
  status: number;
  code: string | null;
  detail: string | null;
  retryAfterMs: number | null;
}

export function gatewayAnswer(answer: HostAnswer): GatewayAnswer {
  const { status, code, retryAfterMs } = answer;
  const detail = answer.detail ?? code ?? `HTTP ${status}`;
  if (code !== null && REFUSED[code]) {
    return { kind: 'refused', reason: code, detail: answer.detail, again: REFUSED[code].again };
  }
  if (code !== null && STOPS[code]) return { kind: 'stop', reason: STOPS[code], detail };
  if (status === 429) return { kind: 'slow', afterMs: retryAfterMs ?? 1000 };
  // The first request with this key is still running: its answer comes with the same key a little later.
  if (status === 409) return { kind: 'no_answer', detail };
  if (status === 503) return { kind: 'later', afterMs: retryAfterMs ?? 2000, detail };
  // 500, 502, 504: it may have been accepted before the host broke down.
  if (status >= 500) return { kind: 'no_answer', detail };
  if (status === 401 || status === 403) return { kind: 'stop', reason: 'credentials', detail };
  return { kind: 'refused', reason: code ?? 'refused', detail, again: false };
}

/** More than any text a person would read, or any id. */
const LONGEST_TEXT = 500;

/** A text of the host as PostgreSQL can hold it, cut to 500 characters; null where it is none. */
export function cleanText(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const clean = text.replaceAll('\0', '').toWellFormed().slice(0, LONGEST_TEXT).toWellFormed().trim();
  return clean === '' ? null : clean;
}

/** Retry-After in seconds or as a date, in ms from now, five minutes at most; null where there is none. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.min(LONGEST_PAUSE_MS, Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.min(LONGEST_PAUSE_MS, Math.max(0, at - now));
}
