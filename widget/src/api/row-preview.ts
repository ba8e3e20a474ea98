import type { RowPreview, RowPreviewRequest } from '../../../contract/row-preview.ts';
import { client } from './client.ts';

export async function previewRow(id: number, wanted: RowPreviewRequest): Promise<RowPreview[]> {
  const answer = await client().call<{ data: RowPreview[] }>(
    'POST',
    `/api/campaigns/${id}/row-preview`,
    wanted,
  );
  return answer.data;
}
