import { onBeforeUnmount, onMounted, watch } from 'vue';

const LIVE_MS = 1000;
const IDLE_MS = 5000;

/** Calls again a second after each answer while `live`, every five seconds otherwise, and not while hidden. */
export function usePolling(poll: () => Promise<void>, live: () => boolean): void {
  let timer: ReturnType<typeof setTimeout>;
  let stopped = false;

  async function round(): Promise<void> {
    if (!document.hidden) await poll().catch(() => undefined);
    if (!stopped) schedule();
  }

  function schedule(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void round(), live() && !document.hidden ? LIVE_MS : IDLE_MS);
  }

  onMounted(schedule);
  // Just started: the first figures are wanted in a second, not when the idle wait ends.
  watch(live, schedule);
  onBeforeUnmount(() => {
    stopped = true;
    clearTimeout(timer);
  });
}
