/**
 * The uploads under way, one a field.
 *
 *   idle ──send──▶ sending (bytes go) ──▶ reading (the server reads the rows) ──▶ idle
 *                     └───────cancel or failure───────┴──▶ idle, with the error; what was loaded stays
 *
 * A loaded file can be read in another way (rereading), and so can one that failed: it stays at hand.
 */
import { defineStore } from 'pinia';
import { computed, markRaw, reactive } from 'vue';
import { MAX_FILE_BYTES, type ListSlot, type Reading, type ReadingOptions } from '../../../contract/list.ts';
import { ApiError, CancelledError, problemOf } from '../api/client.ts';
import { readListAnew, removeList, uploadList } from '../api/lists.ts';
import { useCampaign } from '../campaigns/campaign.store.ts';
import { isAboutReading } from './reading-choice.ts';

export interface Upload {
  phase: 'idle' | 'sending' | 'reading' | 'rereading' | 'removing';
  /** 0–1 */
  part: number;
  fileName: string;
  error: unknown;
  /** Could not be read by itself, and may be when a person says how. */
  unread: File | null;
}

const idle = (): Upload => ({ phase: 'idle', part: 0, fileName: '', error: null, unread: null });

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

  async function send(slot: ListSlot, file: File, reading: ReadingOptions = {}): Promise<void> {
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
      const answer = await store.mutate(() => uploadList(campaign.id, slot, file, reading, options));
      store.take(answer);
      Object.assign(upload, idle());
    } catch (error) {
      Object.assign(upload, idle(), {
        error: error instanceof CancelledError ? null : error,
        fileName: file.name,
        unread: error instanceof ApiError && isAboutReading(error.code) ? markRaw(file) : null,
      });
    } finally {
      if (aborts.get(slot) === abort) aborts.delete(slot);
    }
  }

  function refuse(slot: ListSlot, file: File, code: string): void {
    Object.assign(uploads[slot], idle(), { error: problemOf(code), fileName: file.name });
  }

  /** @returns whether the list is now read so */
  async function readAnew(slot: ListSlot, reading: Reading): Promise<boolean> {
    const [campaign, list] = [store.campaign, listOf(slot)];
    if (!campaign || !list || uploads[slot].phase !== 'idle') return false;
    Object.assign(uploads[slot], idle(), { phase: 'rereading' });
    try {
      await store.flush();
      const body = { ...reading, list: list.id };
      store.take(await store.mutate(() => readListAnew(campaign.id, slot, body)));
      Object.assign(uploads[slot], idle());
      return true;
    } catch (error) {
      Object.assign(uploads[slot], idle(), { error });
      return false;
    }
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

  return { uploads, listOf, locked, freeSlot, send, readAnew, remove, cancel, cancelAll };
});
