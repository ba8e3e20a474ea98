import type { Campaign } from '../../../contract/campaign.ts';
import type { ListRemoval, ListSlot } from '../../../contract/list.ts';
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

export function getListRemoval(id: number, slot: ListSlot): Promise<ListRemoval> {
  return client().call('GET', `/api/campaigns/${id}/lists/${slot}/removal`);
}
