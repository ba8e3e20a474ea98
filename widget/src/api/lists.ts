import type { Campaign } from '../../../contract/campaign.ts';
import type { ListSlot } from '../../../contract/list.ts';
import { client, type UploadOptions } from './client.ts';

export function uploadList(
  id: number,
  slot: ListSlot,
  file: File,
  options: UploadOptions,
): Promise<Campaign> {
  const path = `/api/campaigns/${id}/lists/${slot}?fileName=${encodeURIComponent(file.name)}`;
  return client().upload(path, file, options);
}

export function removeList(id: number, slot: ListSlot): Promise<Campaign> {
  return client().call('DELETE', `/api/campaigns/${id}/lists/${slot}`);
}
