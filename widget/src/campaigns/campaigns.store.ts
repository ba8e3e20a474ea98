/**
 * The list of campaigns, page by page: those under way, then the others, the last changed first. A page is asked for by where it begins, so it can be
 * asked for again by itself: only those in sight are. A campaign that has moved to the top meanwhile may stand in two
 * answers, and is shown where it stands first.
 */
import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef } from 'vue';
import type { Control, CampaignState } from '../../../contract/campaign-states.ts';
import type { CampaignCard, CampaignPage, CampaignQuery, ControlResult } from '../../../contract/campaign.ts';
import { applyControl, createCampaign, getCampaigns } from '../api/campaigns.ts';
import type { RequestState } from '../ui/useRequest.ts';
import { SECOND_TAP_MS } from './second-tap.ts';

interface ShownPage {
  /** Null: the first. */
  after: string | null;
  answer: CampaignPage;
}

export const useCampaigns = defineStore('campaigns', () => {
  const search = ref('');
  const stateWanted = ref<CampaignState | null>(null);
  const pages = shallowRef<ShownPage[]>([]);
  const state = ref<RequestState>('idle');
  const error = shallowRef<unknown>(null);
  const loadingMore = ref(false);
  const latest = shallowRef<CampaignCard | null>(null);
  /** What a control pressed in the list did, by campaign, until it is put away. */
  const receipts = reactive(new Map<number, ControlResult>());
  const failures = reactive(new Map<number, unknown>());
  const pressed = reactive(new Set<number>());
  /** Just paused, see second-tap.ts. */
  const resting = reactive(new Set<number>());
  /** The lines have just moved, see second-tap.ts. */
  const moved = ref(false);
  /** Another one after each change of what is looked for: late answers to the one before are dropped. */
  let epoch = 0;

  const shown = computed(() => {
    const seen = new Set<number>();
    return pages.value.map(({ answer }) => answer.data.filter(({ id }) => !seen.has(id) && seen.add(id)));
  });
  const campaigns = computed(() => shown.value.flat());
  const counts = computed(() => pages.value[0]?.answer.counts ?? null);
  const all = computed(() => Object.values(counts.value ?? {}).reduce((sum, count) => sum + count, 0));
  const hasMore = computed(() => (pages.value.at(-1)?.answer.next ?? null) !== null);
  const isNarrowed = computed(() => search.value.trim() !== '' || stateWanted.value !== null);

  function query(after: string | null): CampaignQuery {
    return {
      ...(search.value.trim() === '' ? {} : { search: search.value }),
      ...(stateWanted.value === null ? {} : { state: stateWanted.value }),
      ...(after === null ? {} : { after }),
    };
  }

  /** From the top, by what is looked for now. */
  async function load(): Promise<void> {
    const mine = (epoch += 1);
    state.value = 'loading';
    try {
      const answer = await getCampaigns(query(null));
      if (mine !== epoch) return;
      pages.value = [{ after: null, answer }];
      learnLatest(answer);
      error.value = null;
      state.value = 'done';
    } catch (cause) {
      if (mine !== epoch) return;
      error.value = cause;
      state.value = 'error';
    }
  }

  /** The integration page names the latest of all, not of what is looked for. */
  function learnLatest({ data }: CampaignPage): void {
    if (!isNarrowed.value) latest.value = data[0] ?? null;
  }

  async function more(): Promise<void> {
    const after = pages.value.at(-1)?.answer.next ?? null;
    if (after === null || loadingMore.value) return;
    const mine = epoch;
    loadingMore.value = true;
    try {
      const answer = await getCampaigns(query(after));
      if (mine === epoch) pages.value = [...pages.value, { after, answer }];
    } catch (cause) {
      if (mine === epoch) error.value = cause;
    } finally {
      loadingMore.value = false;
    }
  }

  /** Asks again for those of the pages that are in sight, and for the first. @param inSight their places in the list */
  async function refresh(inSight: ReadonlySet<number>): Promise<void> {
    if (state.value === 'loading') return;
    if (state.value !== 'done') return load();
    const mine = epoch;
    const wanted = pages.value.flatMap(({ after }, at) =>
      at === 0 || inSight.has(at) ? [{ after, at }] : [],
    );
    try {
      const answers = await Promise.all(wanted.map(({ after }) => getCampaigns(query(after))));
      if (mine !== epoch) return;
      const next = [...pages.value];
      wanted.forEach(({ after, at }, i) => (next[at] = { after, answer: answers[i]! }));
      pages.value = next;
      learnLatest(answers[0]!);
      error.value = null;
    } catch (cause) {
      if (mine === epoch) error.value = cause;
    }
  }

  async function apply(id: number, control: Control): Promise<void> {
    if (pressed.has(id) || (control === 'resume' && isResting(id))) return;
    pressed.add(id);
    failures.delete(id);
    try {
      const result = await applyControl(id, control);
      if (control === 'pause') rest(id);
      receipts.set(id, result);
      take(result);
    } catch (cause) {
      failures.set(id, cause);
    } finally {
      pressed.delete(id);
    }
  }

  function rest(id: number): void {
    resting.add(id);
    setTimeout(() => resting.delete(id), SECOND_TAP_MS);
  }

  const isResting = (id: number) => moved.value || resting.has(id);

  let settling: ReturnType<typeof setTimeout> | undefined;
  function move(): void {
    moved.value = true;
    clearTimeout(settling);
    settling = setTimeout(() => (moved.value = false), SECOND_TAP_MS);
  }

  /** Shows what a control made of its campaign before the list is asked for again. */
  function take({ campaign }: ControlResult): void {
    epoch += 1;
    const change = (card: CampaignCard) =>
      card.id === campaign.id ? { ...card, state: campaign.state, pauseReason: campaign.pauseReason } : card;
    pages.value = pages.value.map(({ after, answer }) => ({
      after,
      answer: { ...answer, data: answer.data.map(change) },
    }));
  }

  function dismiss(id: number): void {
    receipts.delete(id);
    failures.delete(id);
  }

  return {
    search,
    stateWanted,
    state,
    error,
    shown,
    campaigns,
    counts,
    all,
    hasMore,
    isNarrowed,
    loadingMore,
    latest,
    receipts,
    failures,
    pressed,
    isResting,
    move,
    load,
    more,
    refresh,
    apply,
    dismiss,
    create: createCampaign,
  };
});
