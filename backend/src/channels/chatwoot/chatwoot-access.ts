import { createHash } from 'node:crypto';
import type { HostAccess } from '../installations.ts';

/** One account of one Chatwoot. */
export type Place = Pick<HostAccess, 'origin' | 'basePath'>;

/** @param tenant the account's number at Chatwoot */
export function placeOf(baseUrl: string, tenant: number): Place {
  const { origin, pathname } = new URL(baseUrl);
  return { origin, basePath: `${pathname.replace(/\/$/, '')}/api/v1/accounts/${tenant}` };
}

export function chatwootAccess(baseUrl: string, tenant: number, accessToken: string): HostAccess {
  return { ...placeOf(baseUrl, tenant), accessToken, tokenHeader: 'api_access_token' };
}

/** Our name for an inbox. Each place counts its own, and a campaign must not go on through another's of the same number. */
export function channelOfInbox({ origin, basePath }: Place, inbox: number): string {
  const place = createHash('sha256')
    .update(origin + basePath)
    .digest('hex')
    .slice(0, 8);
  return `${place}-${inbox}`;
}

/** @returns null: of another place */
export function inboxOfChannel(place: Place, channelId: string): number | null {
  const inbox = Number(channelId.split('-')[1]);
  return channelOfInbox(place, inbox) === channelId ? inbox : null;
}
