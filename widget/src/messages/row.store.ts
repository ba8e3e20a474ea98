/** The row of the files that the message is shown with: the first that would be written to, or one asked for. */
import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { cellFinder, type CellOf } from '../../../contract/cells.ts';
import type { RowPreview, RowPreviewRequest } from '../../../contract/row-preview.ts';
import { previewRow } from '../api/row-preview.ts';
import { useCampaign } from '../campaigns/campaign.store.ts';
import { useRequest } from '../ui/useRequest.ts';

export const useRow = defineStore('row', () => {
  const store = useCampaign();
  const { state, data, error, run, reset } = useRequest(previewRow);
  const wanted = ref<RowPreviewRequest>({});
  /** A number may stand in several rows. */
  const at = ref(0);

  const rows = computed<RowPreview[]>(() => data.value ?? []);
  const row = computed(() => rows.value[at.value] ?? null);
  /** Null while there is no row to show the message with. */
  const cell = computed<CellOf | null>(() =>
    row.value ? cellFinder(row.value.columns)(row.value.cells) : null,
  );

  async function look(request: RowPreviewRequest): Promise<void> {
    wanted.value = request;
    at.value = 0;
    await again();
  }

  async function again(): Promise<void> {
    const campaign = store.campaign;
    if (campaign && campaign.lists.length > 0) await run(campaign.id, wanted.value);
    else reset();
  }

  const files = computed(() =>
    JSON.stringify([store.campaign?.id, store.campaign?.lists.map(({ id }) => id)]),
  );
  // Other files begin anew; what becomes of the row is told by the settings as they are saved.
  watch(
    [files, () => store.campaign?.version],
    ([now], [before]) => {
      if (now !== before) void look({});
      else if (store.campaign?.state === 'draft') void again();
    },
    { immediate: true },
  );

  return { rows, row, at, cell, state, error, wanted, look };
});
