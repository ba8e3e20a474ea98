import type {
  Campaign,
  CampaignCard,
  CampaignChange,
  ControlResult,
  HistoryEntry,
  NewCampaign,
  Preview,
  RestartCounts,
} from '../../../contract/campaign.ts';
import type { Control, RestartScope } from '../../../contract/campaign-states.ts';
import { client } from './client.ts';

export async function getCampaigns(): Promise<CampaignCard[]> {
  return (await client().call<{ data: CampaignCard[] }>('GET', '/api/campaigns')).data;
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

export function sendTestMessage(id: number, phone: string): Promise<{ text: string }> {
  return client().call('POST', `/api/campaigns/${id}/test-message`, { phone });
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
