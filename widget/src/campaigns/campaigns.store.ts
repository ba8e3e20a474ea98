import { defineStore } from 'pinia';
import { computed } from 'vue';
import { createCampaign, getCampaigns } from '../api/campaigns.ts';
import { useRequest } from '../ui/useRequest.ts';

/** The list of campaigns, the latest change first. */
export const useCampaigns = defineStore('campaigns', () => {
  const { state, data, error, run } = useRequest(getCampaigns);
  const campaigns = computed(() => data.value ?? []);
  const latest = computed(
    () => [...campaigns.value].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))[0] ?? null,
  );
  return { state, error, campaigns, latest, load: run, create: createCampaign };
});
