/**
 * Asks for the figures of what is being written, a moment after the last key.
 *
 *   idle ──want──▶ settling ──delay──▶ asking ──exact──▶ idle
 *                                        └──estimate──▶ waiting ──exact──▶ idle
 *                                                         └──estimate again──▶ waiting, later
 *
 * A newer wish ends whatever is under way; an answer to an older one is dropped. Somebody else who writes in the same
 * campaign makes the server give our count up: it is asked again after a pause, so that the two do not take turns in
 * stopping each other.
 */
import type { LengthsRequest } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';

export interface MeasuringPort {
  ask(request: LengthsRequest): Promise<Lengths>;
  onAnswer(lengths: Lengths): void;
  onError(error: unknown): void;
}

export interface Measuring {
  want(request: Omit<LengthsRequest, 'wait'>): void;
  stop(): void;
}

/** Between two keys of somebody who writes fluently there are less. */
export const SETTLE_MS = 300;
/** Pauses before the exact figures are asked for once more. */
export const AGAIN_MS = [0, 2_000, 5_000, 10_000];

export function createMeasuring(port: MeasuringPort): Measuring {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;

  async function measure(request: Omit<LengthsRequest, 'wait'>): Promise<void> {
    const mine = latest;
    try {
      let answer = await port.ask({ ...request, wait: false });
      for (const pause of AGAIN_MS) {
        if (mine !== latest) return;
        port.onAnswer(answer);
        if (answer.exact) return;
        await new Promise((resume) => (timer = setTimeout(resume, pause)));
        if (mine !== latest) return;
        answer = await port.ask({ ...request, wait: true });
      }
      if (mine === latest) port.onAnswer(answer);
    } catch (error) {
      if (mine === latest) port.onError(error);
    }
  }

  function stop(): void {
    latest += 1;
    clearTimeout(timer);
  }

  return {
    want(request) {
      stop();
      timer = setTimeout(() => void measure(request), SETTLE_MS);
    },
    stop,
  };
}
