import type { ListSlot } from '../../../contract/list.ts';
import { client } from './client.ts';

export function downloadTemplateFile(id: number): Promise<void> {
  return save(`/api/campaigns/${id}/template-file`);
}

export function downloadReport(id: number): Promise<void> {
  return save(`/api/campaigns/${id}/report`);
}

export function downloadUnsendable(id: number, slot: ListSlot): Promise<void> {
  return save(`/api/campaigns/${id}/lists/${slot}/unsendable`);
}

/** The rows to correct. */
export function downloadRefused(id: number, slot: ListSlot): Promise<void> {
  return save(`/api/campaigns/${id}/lists/${slot}/refused`);
}

export function downloadDuplicates(id: number, slot: ListSlot): Promise<void> {
  return save(`/api/campaigns/${id}/lists/${slot}/duplicates`);
}

/** A link with the token in its address would leak it, so the file comes by fetch and is saved from memory. */
async function save(path: string): Promise<void> {
  const { blob, fileName } = await client().download(path);
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers read the blob only after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
