import * as v from 'valibot';
import type { HostResponse } from '../channels/host/exchange.ts';
import type { Incoming } from './inbox.ts';

/** Asked for, and the most that is taken of a host that does not listen. */
export const EVENTS_AT_ONCE = 200;
const EVENTS_AT_MOST = 1000;

/**
 * For so long the inbox knows an event again, in ms. An older one may have been taken and forgotten; a number that was
 * taken off the stop list since must not come back onto it.
 */
const REMEMBERED_MS = 7 * 24 * 3600 * 1000;

/** The shape of a page; its events are looked at one by one, so that a bad one does not hold up the others. */
export const PageSchema = v.object({
  data: v.pipe(v.array(v.unknown()), v.maxLength(EVENTS_AT_MOST)),
  next: v.pipe(v.string(), v.minLength(1), v.maxLength(512), v.excludes('\0')),
});

export const EventSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,256}$/)),
  type: v.string(),
  data: v.record(v.string(), v.unknown()),
});

export type FeedAnswer =
  | { kind: 'page'; incoming: Incoming[]; next: string; isLast: boolean; strange: number }
  | { kind: 'begin_anew' }
  | { kind: 'no_feed' }
  | { kind: 'trouble'; what: string };

/**
 * What a host's answer means for reading on.
 *
 * @param after the place that was asked for, null for the oldest
 * @param now milliseconds since 1970
 */
export function feedAnswer(
  { status, body }: Pick<HostResponse, 'status' | 'body'>,
  after: string | null,
  now: number,
): FeedAnswer {
  if (status === 404 || status === 405 || status === 501) return { kind: 'no_feed' };
  if (status === 410 && after !== null) return { kind: 'begin_anew' };
  if (status !== 200) return { kind: 'trouble', what: `the host answered ${status}` };
  const page = v.safeParse(PageSchema, body);
  if (!page.success) return { kind: 'trouble', what: 'no page of events' };
  const { data, next } = page.output;
  if (data.length > 0 && next === after)
    return { kind: 'trouble', what: 'the page after it would be the same' };
  const events = data.flatMap((event) => {
    const read = v.safeParse(EventSchema, event);
    return read.success ? [read.output] : [];
  });
  const incoming = events
    .filter((event) => !isForgotten(event.data['occurred_at'], now))
    .map(({ id, type, data }) => ({ id, body: { type, data } }));
  return { kind: 'page', incoming, next, isLast: data.length === 0, strange: data.length - events.length };
}

function isForgotten(occurredAt: unknown, now: number): boolean {
  return typeof occurredAt === 'string' && Date.parse(occurredAt) < now - REMEMBERED_MS;
}
