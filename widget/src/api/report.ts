import type { ControlResult, RestartCounts, RestartGroup, Run } from '../../../contract/campaign.ts';
import type { ReportPage, ReportRowDetails, ReportRowsQuery, RunReport } from '../../../contract/report.ts';
import { client } from './client.ts';

export async function getRuns(id: number): Promise<Run[]> {
  return (await client().call<{ data: Run[] }>('GET', `/api/campaigns/${id}/runs`)).data;
}

export function getRunReport(id: number, run: number): Promise<RunReport> {
  return client().call('GET', `/api/campaigns/${id}/runs/${run}`);
}

export function getReportRows(id: number, run: number, query: ReportRowsQuery): Promise<ReportPage> {
  return client().call('POST', `/api/campaigns/${id}/runs/${run}/rows`, query);
}

export function getReportRow(id: number, run: number, list: number, row: number): Promise<ReportRowDetails> {
  return client().call('GET', `/api/campaigns/${id}/runs/${run}/rows/${list}/${row}`);
}

/** How many messages, and segments, a Restart of these groups would be. */
export function getChosenCounts(id: number, groups: readonly RestartGroup[]): Promise<RestartCounts> {
  const words = groups.map(({ state, reason }) => `${state}:${reason ?? ''}`).join(',');
  return client().call('GET', `/api/campaigns/${id}/restart?groups=${encodeURIComponent(words)}`);
}

export function restartChosen(id: number, groups: readonly RestartGroup[]): Promise<ControlResult> {
  return client().call('POST', `/api/campaigns/${id}/controls/restart`, { scope: 'chosen', groups });
}
