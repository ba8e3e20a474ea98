/**
 * The uploads under way, one a field.
 *
 *   idle ──send──▶ sending (bytes go) ──▶ reading (the server reads the rows) ──▶ idle
 *                     └───────cancel or failure───────┴──▶ idle, with the error; what was loaded stays
 */
import { defineStore } from 'pinia';
import { computed, reactive } from 'vue';
import { MAX_FILE_BYTES, type ListSlot } from '../../../contract/list.ts';
import { CancelledError, problemOf } from '../api/client.ts';
import { removeList, uploadList } from '../api/lists.ts';
import { useCampaign } from '../campaigns/campaign.store.ts';

export interface Upload {
  phase: 'idle' | 'sending' | 'reading' | 'removing';
  /** 0–1 */
  part: number;
  fileName: string;
  error: unknown;
}

const idle = (): Upload => ({ phase: 'idle', part: 0, fileName: '', error: null });

export const useLists = defineStore('lists', () => {
  const store = useCampaign();
  const uploads = reactive<Record<ListSlot, Upload>>({ main: idle(), additional: idle() });
  const aborts = new Map<ListSlot, AbortController>();

  const listOf = (slot: ListSlot) => store.campaign?.lists.find((list) => list.slot === slot) ?? null;
  const locked = computed(() => !store.editable.includes('additionalList'));

  /** The field that takes a file dropped beside the fields. */
  const freeSlot = computed<ListSlot | null>(() => {
    const free = (slot: ListSlot) => !listOf(slot) && uploads[slot].phase === 'idle';
    if (locked.value) return null;
    if (free('main')) return 'main';
    return store.draft.additionalList && free('additional') ? 'additional' : null;
  });

  async function send(slot: ListSlot, file: File): Promise<void> {
    const campaign = store.campaign;
    if (!campaign || uploads[slot].phase !== 'idle') return;
    // Said before a byte goes: ten megabytes take a while to be refused.
    if (file.size >= MAX_FILE_BYTES) return refuse(slot, file, 'file_too_large');
    if (file.size === 0) return refuse(slot, file, 'file_empty');
    const abort = new AbortController();
    aborts.set(slot, abort);
    const upload = Object.assign(uploads[slot], idle(), { phase: 'sending', fileName: file.name });
    const onProgress = (part: number) => {
      upload.part = part;
      upload.phase = part < 1 ? 'sending' : 'reading';
    };
    try {
      // The switch for the second field has to be known to the server first.
      await store.flush();
      const options = { onProgress, signal: abort.signal };
      const answer = await store.mutate(() => uploadList(campaign.id, slot, file, options));
      store.take(answer);
      Object.assign(upload, idle());
    } catch (error) {
      Object.assign(upload, idle(), {
        error: error instanceof CancelledError ? null : error,
        fileName: file.name,
      });
    } finally {
      if (aborts.get(slot) === abort) aborts.delete(slot);
    }
  }

  function refuse(slot: ListSlot, file: File, code: string): void {
    Object.assign(uploads[slot], idle(), { error: problemOf(code), fileName: file.name });
  }

  async function remove(slot: ListSlot): Promise<void> {
    const campaign = store.campaign;
    if (!campaign || uploads[slot].phase !== 'idle') return;
    Object.assign(uploads[slot], idle(), { phase: 'removing' });
    try {
      // The rule for the entries that are left has to be the one on the screen.
      await store.flush();
      store.take(await store.mutate(() => removeList(campaign.id, slot)));
      Object.assign(uploads[slot], idle());
    } catch (error) {
      Object.assign(uploads[slot], idle(), { error });
    }
  }

  function cancel(slot: ListSlot): void {
    aborts.get(slot)?.abort();
  }

  function cancelAll(): void {
    for (const slot of ['main', 'additional'] as const) {
      cancel(slot);
      Object.assign(uploads[slot], idle());
    }
  }

  return { uploads, listOf, locked, freeSlot, send, remove, cancel, cancelAll };
});
