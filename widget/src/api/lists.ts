import type { Campaign, CorrectionResult } from '../../../contract/campaign.ts';
import type {
  ListPreview,
  ListRemoval,
  ListReplacement,
  ListSlot,
  ReadAnew,
  ReadingOptions,
} from '../../../contract/list.ts';
import { client, type UploadOptions } from './client.ts';

/** As many bytes as the server looks at for a preview. */
const PREVIEW_BYTES = 64 * 1024;

const pathOf = (id: number, slot: ListSlot) => `/api/campaigns/${id}/lists/${slot}`;

export function uploadList(
  id: number,
  slot: ListSlot,
  file: File,
  reading: ReadingOptions,
  options: UploadOptions,
): Promise<Campaign> {
  return client().upload(`${pathOf(id, slot)}?${queryOf(reading, { fileName: file.name })}`, file, options);
}

/** The refused rows put right; the list stays. */
export function correctList(
  id: number,
  slot: ListSlot,
  file: File,
  options: UploadOptions,
): Promise<CorrectionResult> {
  return client().upload(`${pathOf(id, slot)}/corrections`, file, { ...options, method: 'POST' });
}

export function removeList(id: number, slot: ListSlot): Promise<Campaign> {
  return client().call('DELETE', pathOf(id, slot));
}

/** The loaded file's first rows; without options, as it was read. */
export function previewList(id: number, slot: ListSlot, reading: ReadingOptions): Promise<ListPreview> {
  return client().call('GET', `${pathOf(id, slot)}/preview?${queryOf(reading)}`);
}

/** The first rows of a file that is not loaded. */
export function previewFile(
  id: number,
  slot: ListSlot,
  file: File,
  reading: ReadingOptions,
): Promise<ListPreview> {
  const path = `${pathOf(id, slot)}/preview?${queryOf(reading)}`;
  return client().upload(path, file.slice(0, PREVIEW_BYTES), { method: 'POST' });
}

export function readListAnew(id: number, slot: ListSlot, reading: ReadAnew): Promise<Campaign> {
  return client().call('POST', `${pathOf(id, slot)}/reading`, reading);
}

/** What loading this file would do; it is uploaded for the question. */
export function getReplacement(
  id: number,
  slot: ListSlot,
  file: File,
  options: UploadOptions,
): Promise<ListReplacement> {
  return client().upload(`${pathOf(id, slot)}/replacement`, file, { ...options, method: 'POST' });
}

/** What reading the loaded file in another way would do. */
export function getReadingReplacement(
  id: number,
  slot: ListSlot,
  reading: ReadAnew,
): Promise<ListReplacement> {
  return client().call('POST', `${pathOf(id, slot)}/reading/replacement`, reading);
}

function queryOf(reading: ReadingOptions, more: Record<string, string> = {}): string {
  const said = Object.entries(reading).filter(([, value]) => value !== undefined);
  return new URLSearchParams({
    ...more,
    ...Object.fromEntries(said.map(([key, value]) => [key, String(value)])),
  }).toString();
}

export function getListRemoval(id: number, slot: ListSlot): Promise<ListRemoval> {
  return client().call('GET', `${pathOf(id, slot)}/removal`);
}
