import type { LengthsRequest } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import { client } from './client.ts';

export function measureLengths(id: number, request: LengthsRequest): Promise<Lengths> {
  return client().call('POST', `/api/campaigns/${id}/lengths`, request);
}
