import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import type { Method, Template } from '../../../contract/channel.ts';
import { getChannels, getTemplates } from '../api/channels.ts';
import { useRequest } from '../ui/useRequest.ts';

/** The account's channels, and the templates of the one that is chosen. */
export const useChannels = defineStore('channels', () => {
  const channels = useRequest(getChannels);
  const templates = useRequest(getTemplates);
  const templatesOf = ref<string | null>(null);

  const byMethod = (method: Method) => (channels.data.value ?? []).filter((one) => one.method === method);
  const byId = (id: string | null) => channels.data.value?.find((one) => one.id === id) ?? null;
  const templateList = computed<Template[]>(() => templates.data.value ?? []);

  watch(templatesOf, (id) => {
    templates.reset();
    if (id !== null) void templates.run(id);
  });

  return {
    state: channels.state,
    error: channels.error,
    load: channels.run,
    byMethod,
    byId,
    templatesOf,
    templates: templateList,
    templatesState: templates.state,
    templatesError: templates.error,
    reloadTemplates: () => (templatesOf.value === null ? null : templates.run(templatesOf.value)),
  };
});
