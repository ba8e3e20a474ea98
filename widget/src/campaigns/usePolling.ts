import { onBeforeUnmount, onMounted, watch } from 'vue';
import { useHost } from '../host/host.store.ts';

const LIVE_MS = 1000;
const IDLE_MS = 5000;

/** Calls again a second after each answer while `live`, every five seconds otherwise, and not while nobody can see it. */
export function usePolling(poll: () => Promise<void>, live: () => boolean): void {
  const host = useHost();
  const isHidden = () => document.hidden || !host.visible;
  let timer: ReturnType<typeof setTimeout>;
  let stopped = false;

  async function round(): Promise<void> {
    if (!isHidden()) await poll().catch(() => undefined);
    if (!stopped) schedule();
  }

  function schedule(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void round(), live() && !isHidden() ? LIVE_MS : IDLE_MS);
  }

  onMounted(schedule);
  // Just started: the first figures are wanted in a second, not when the idle wait ends.
  watch(live, schedule);
  watch(
    () => host.visible,
    (visible) => visible && void round(),
  );
  onBeforeUnmount(() => {
    stopped = true;
    clearTimeout(timer);
  });
}
