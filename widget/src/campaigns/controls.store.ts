import { defineStore } from 'pinia';
import { ref, shallowRef, watch } from 'vue';
import type { Control, RestartScope } from '../../../contract/campaign-states.ts';
import type { ControlResult } from '../../../contract/campaign.ts';
import { applyControl } from '../api/campaigns.ts';
import { isUnanswered } from '../i18n/errors.ts';
import { useCampaign } from './campaign.store.ts';
import { SECOND_TAP_MS } from './second-tap.ts';

/** What a control did: kept until somebody puts it away, or presses the next. */
export interface Receipt {
  control: Control;
  result: ControlResult;
}

/** What was not done. */
export interface ControlFailure {
  control: Control;
  error: unknown;
  /** A pause without an answer: heard of since, and it goes on. */
  isStillRunning: boolean;
}

/** The controls of the open campaign: its own card and the bar that is always in sight press the same ones. */
export const useControls = defineStore('controls', () => {
  const store = useCampaign();
  /** The control whose answer is awaited. */
  const pressed = ref<Control | null>(null);
  const failure = shallowRef<ControlFailure | null>(null);
  const receipt = shallowRef<Receipt | null>(null);
  /** Just paused, see second-tap.ts. */
  const resting = ref(false);

  watch(
    () => store.campaign?.id,
    () => (failure.value = null),
  );
  // What was done to an earlier run says nothing of this one.
  watch(
    () => store.campaign,
    (now) => {
      const then = receipt.value?.result.campaign;
      if (then?.id === now?.id && then?.progress.run !== now?.progress.run) receipt.value = null;
    },
  );
  // That nothing answered is over when something is heard; whoever pressed Pause then has to know whether it took effect.
  watch(
    () => [store.campaign?.asOf, store.campaign?.state],
    () => {
      if (!failure.value || !isUnanswered(failure.value.error)) return;
      const isStillRunning = failure.value.control === 'pause' && store.campaign?.state === 'running';
      failure.value = isStillRunning ? { ...failure.value, isStillRunning } : null;
    },
  );

  /** @returns whether it was done; what was not is told as `failure` */
  async function apply(control: Control, scope?: RestartScope): Promise<boolean> {
    const id = store.campaign?.id;
    if (id === undefined || pressed.value || (control === 'resume' && resting.value)) return false;
    pressed.value = control;
    failure.value = null;
    try {
      // The server starts what it has saved, so everything on the screen is saved first.
      if (control === 'start' && !(await store.flush())) return false;
      const result = await store.mutate(() => applyControl(id, control, scope));
      store.take(result.campaign);
      receipt.value = { control, result };
      if (control === 'pause') rest();
      return true;
    } catch (error) {
      if (store.campaign?.id === id) failure.value = { control, error, isStillRunning: false };
      await store.poll();
      return false;
    } finally {
      pressed.value = null;
    }
  }

  function rest(): void {
    resting.value = true;
    setTimeout(() => (resting.value = false), SECOND_TAP_MS);
  }

  function dismiss(): void {
    receipt.value = null;
    failure.value = null;
  }

  return { pressed, failure, receipt, resting, apply, dismiss };
});
