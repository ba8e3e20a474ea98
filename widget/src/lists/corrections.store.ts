/**
 * Corrections under way, one a field; the list that is corrected stays on the screen all the time.
 *
 *   idle ──send──▶ sending (bytes go) ──▶ reading (the server takes rows over) ──▶ idle, with the result
 *                     └───────cancel or failure───────┴──▶ idle, with the error; the list is as it was
 */
import { defineStore } from 'pinia';
import { reactive } from 'vue';
import { MAX_FILE_BYTES, type Correction, type ListSlot } from '../../../contract/list.ts';
import { CancelledError, problemOf } from '../api/client.ts';
import { correctList } from '../api/lists.ts';
import { useCampaign } from '../campaigns/campaign.store.ts';

export interface CorrectionUpload {
  phase: 'idle' | 'sending' | 'reading';
  /** 0–1 */
  part: number;
  error: unknown;
  /** What the last file did, and to which list. */
  result: (Correction & { list: number }) | null;
}

const idle = (): CorrectionUpload => ({ phase: 'idle', part: 0, error: null, result: null });

export const useCorrections = defineStore('corrections', () => {
  const store = useCampaign();
  const uploads = reactive<Record<ListSlot, CorrectionUpload>>({ main: idle(), additional: idle() });
  const aborts = new Map<ListSlot, AbortController>();

  async function send(slot: ListSlot, list: number, file: File): Promise<void> {
    const campaign = store.campaign;
    const upload = uploads[slot];
    if (!campaign || upload.phase !== 'idle') return;
    if (file.size >= MAX_FILE_BYTES || file.size === 0) {
      const code = file.size === 0 ? 'file_empty' : 'file_too_large';
      Object.assign(upload, idle(), { error: problemOf(code) });
      return;
    }
    const abort = new AbortController();
    aborts.set(slot, abort);
    Object.assign(upload, idle(), { phase: 'sending' });
    const onProgress = (part: number) => {
      upload.part = part;
      upload.phase = part < 1 ? 'sending' : 'reading';
    };
    try {
      // Whether duplicates are removed has to be what is on the screen.
      await store.flush();
      const options = { onProgress, signal: abort.signal };
      const answer = await store.mutate(() => correctList(campaign.id, slot, file, options));
      store.take(answer.campaign);
      if (aborts.get(slot) === abort)
        Object.assign(upload, idle(), { result: { ...answer.correction, list } });
    } catch (error) {
      if (aborts.get(slot) === abort)
        Object.assign(upload, idle(), { error: error instanceof CancelledError ? null : error });
    } finally {
      if (aborts.get(slot) === abort) aborts.delete(slot);
    }
  }

  function cancel(slot: ListSlot): void {
    aborts.get(slot)?.abort();
  }

  function cancelAll(): void {
    for (const slot of ['main', 'additional'] as const) {
      cancel(slot);
      aborts.delete(slot);
      Object.assign(uploads[slot], idle());
    }
  }

  return { uploads, send, cancel, cancelAll };
});
