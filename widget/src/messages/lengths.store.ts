/** The figures of the message being written, on the rows of the loaded files. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import * as v from 'valibot';
import { BindingSchema, type LengthsRequest } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import { measureLengths } from '../api/lengths.ts';
import { useCampaign } from '../campaigns/campaign.store.ts';
import { useChannels } from './channels.store.ts';
import { createMeasuring } from './measuring.ts';
import { fitsFiveSms } from './sms-counter.ts';

type Wish = Omit<LengthsRequest, 'wait'>;

export const useLengths = defineStore('lengths', () => {
  const store = useCampaign();
  const channels = useChannels();
  const lengths = shallowRef<Lengths | null>(null);
  const error = shallowRef<unknown>(null);
  /** The figures are those of an older text. */
  const stale = ref(false);

  const measuring = createMeasuring({
    ask: (request) => measureLengths(store.campaign!.id, request),
    onAnswer: (answer) => {
      lengths.value = answer;
      error.value = null;
      stale.value = false;
    },
    onError: (cause) => {
      error.value = cause;
      stale.value = false;
    },
  });

  /** What to measure; null while there are no rows, or nothing to say to them. */
  const wish = computed<Wish | null>(() => {
    if (!store.campaign || store.campaign.lists.length === 0) return null;
    const { method, text, removeDuplicates } = store.draft;
    if (method === 'waba') {
      const bindings = boundColumns();
      return bindings ? { bindings, removeDuplicates } : null;
    }
    return text.trim() !== '' && fitsFiveSms(text) ? { text, removeDuplicates } : null;
  });

  /** Of the template's own variables; an unfinished binding is told where it stands. */
  function boundColumns(): LengthsRequest['bindings'] | null {
    const { templateId, bindings } = store.draft;
    const kept = store.campaign?.template;
    const template = kept?.id === templateId ? kept : channels.templates.find(({ id }) => id === templateId);
    const bound = (template?.variables ?? []).flatMap(({ key }) => {
      const binding = bindings[key];
      return v.is(BindingSchema, binding) && binding.kind === 'column' ? [[key, binding] as const] : [];
    });
    return bound.length > 0 ? Object.fromEntries(bound) : null;
  }

  /** Changes with whatever changes the figures: the message, the campaign, its files. */
  const question = computed(() =>
    JSON.stringify([
      store.campaign?.id,
      store.campaign?.lists.map(({ id, rows, contacts }) => [id, rows, contacts]),
      wish.value,
    ]),
  );

  let open = 0;
  watch(
    [question, () => store.campaign?.id ?? 0],
    ([, id]) => {
      if (id !== open || !wish.value) lengths.value = null;
      open = id;
      again();
    },
    { immediate: true },
  );

  function again(): void {
    error.value = null;
    stale.value = lengths.value !== null;
    if (wish.value) measuring.want(wish.value);
    else measuring.stop();
  }

  /** Figures will come, so their place is kept. */
  const expected = computed(() => wish.value !== null);

  return { lengths, error, stale, expected, again };
});
