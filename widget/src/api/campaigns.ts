import type {
  Campaign,
  CampaignChange,
  CampaignPage,
  CampaignQuery,
  ControlResult,
  HistoryEntry,
  NewCampaign,
  Preview,
  RestartCounts,
  TestMessage,
} from '../../../contract/campaign.ts';
import type { Control, RestartScope } from '../../../contract/campaign-states.ts';
import { CAMPAIGN_EVENT, type Pace } from '../../../contract/live.ts';
import { client } from './client.ts';

export function getCampaigns(query: CampaignQuery = {}): Promise<CampaignPage> {
  return client().call('GET', `/api/campaigns?${new URLSearchParams(query)}`);
}

export function createCampaign(campaign: NewCampaign): Promise<Campaign> {
  return client().call('POST', '/api/campaigns', campaign);
}

export function getCampaign(id: number): Promise<Campaign> {
  return client().call('GET', `/api/campaigns/${id}`);
}

export function changeCampaign(id: number, change: CampaignChange): Promise<Campaign> {
  return client().call('PATCH', `/api/campaigns/${id}`, change);
}

export function deleteCampaign(id: number): Promise<void> {
  return client().call('DELETE', `/api/campaigns/${id}`);
}

export function getPreview(id: number): Promise<Preview> {
  return client().call('GET', `/api/campaigns/${id}/preview`);
}

export function sendTestMessage(id: number, message: TestMessage): Promise<{ text: string }> {
  return client().call('POST', `/api/campaigns/${id}/test-message`, message);
}

export function applyControl(id: number, control: Control, scope?: RestartScope): Promise<ControlResult> {
  return client().call('POST', `/api/campaigns/${id}/controls/${control}`, scope ? { scope } : {});
}

export function getRestartCounts(id: number): Promise<RestartCounts> {
  return client().call('GET', `/api/campaigns/${id}/restart`);
}

export async function getHistory(id: number): Promise<HistoryEntry[]> {
  return (await client().call<{ data: HistoryEntry[] }>('GET', `/api/campaigns/${id}/history`)).data;
}

export function getPace(id: number): Promise<Pace> {
  return client().call('GET', `/api/campaigns/${id}/pace`);
}

/**
 * The campaign as it happens. Resolves when the server has ended the stream.
 * @param onHeard anything has come, be it only a sign of life
 */
export function streamCampaign(
  id: number,
  signal: AbortSignal,
  onCampaign: (campaign: Campaign) => void,
  onHeard: () => void,
): Promise<void> {
  return client().stream(`/api/campaigns/${id}/events`, {
    signal,
    onHeard,
    onEvent: ({ name, data }) => name === CAMPAIGN_EVENT && onCampaign(JSON.parse(data) as Campaign),
  });
}
