/**
 * Saves what was typed, a moment after the last key.
 *
 *   idle ──touch──▶ waiting ──delay──▶ saving ──▶ idle (or saving again, if more was typed meanwhile)
 *                                        └──error──▶ halted, until the next touch or flush
 *
 * Never two saves in flight: the second would carry a version that the first has made old.
 */
export interface AutosavePort {
  /** Whether anything is left to save. */
  pending(): boolean;
  /** Saves all that is pending when it is called. */
  save(): Promise<void>;
  onError(error: unknown): void;
  onSaving(saving: boolean): void;
}

export interface Autosave {
  touch(): void;
  /** Saves now. True when nothing is left unsaved. */
  flush(): Promise<boolean>;
  stop(): void;
}

export const AUTOSAVE_DELAY_MS = 600;

export function createAutosave(port: AutosavePort, delay = AUTOSAVE_DELAY_MS): Autosave {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<boolean> | null = null;
  let stopped = false;

  async function drain(): Promise<boolean> {
    port.onSaving(true);
    try {
      while (port.pending() && !stopped) await port.save();
      return true;
    } catch (error) {
      port.onError(error);
      return false;
    } finally {
      port.onSaving(false);
      running = null;
    }
  }

  function flush(): Promise<boolean> {
    clearTimeout(timer);
    if (running) return running;
    if (!port.pending()) return Promise.resolve(true);
    running = drain();
    return running;
  }

  return {
    touch() {
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), delay);
    },
    flush,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
