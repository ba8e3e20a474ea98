import { onBeforeUnmount, onMounted, watch, type Ref } from 'vue';
import { streamCampaign } from '../api/campaigns.ts';
import { useHost } from '../host/host.store.ts';
import { useCampaign } from './campaign.store.ts';
import { createLive } from './live.ts';

/** The open campaign up to date for as long as its page is there and somebody can see it. */
export function useLive(): { isLive: Ref<boolean> } {
  const store = useCampaign();
  const host = useHost();
  const live = createLive({
    // A campaign that could not be loaded is asked for by a person.
    stream: (signal, onHeard) => streamCampaign(store.campaign!.id, signal, store.hear, onHeard),
    poll: store.poll,
    isMoving: () => store.campaign?.state === 'running',
  });

  function begin(): void {
    if (store.campaign && host.visible && !document.hidden) live.start();
    else live.stop();
  }

  watch([() => store.campaign?.id, () => host.visible], begin);
  watch(() => store.campaign?.state, live.reschedule);
  onMounted(() => {
    document.addEventListener('visibilitychange', begin);
    addEventListener('online', begin);
    begin();
  });
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', begin);
    removeEventListener('online', begin);
    live.stop();
  });
  return { isLive: live.isLive };
}
