/**
 * Keeps a campaign on the screen up to date: by the server's stream, and by asking while there is none.
 *
 *   asking ──stream's first sign──▶ live ──ended, broken or silent──▶ asking, and the stream is tried again
 *
 * Everything that comes is whole, so nothing is lost in between, however long that was. While nobody looks there is
 * neither: a browser has six connections to a server, and a stream holds one of them.
 */
import { ref, type Ref } from 'vue';
import { SILENT_AFTER_MS } from '../../../contract/live.ts';

const POLL_MS = { moving: 1000, atRest: 5000 };
const CHECK_MS = 1000;
/** A stream that did not last so long is tried again more and more seldom. */
const LASTING_MS = 10_000;
/** First wait, doubled up to the last. */
const RETRY_MS = { first: 1000, most: 30_000 };

export interface LiveOptions {
  /** Resolves when the server has ended the stream, rejects when it could not be had or broke off. */
  stream(signal: AbortSignal, onHeard: () => void): Promise<void>;
  poll(): Promise<unknown>;
  /** Whether it is worth asking every second. */
  isMoving(): boolean;
  now?(): number;
  /** From 0 to 1: all readers of a server that restarts must not come back at once. */
  random?(): number;
}

export interface Live {
  isLive: Ref<boolean>;
  /** Begins, or begins anew: the network is back, or somebody looks again. */
  start(): void;
  stop(): void;
  /** The next question is due by what is moving now. */
  reschedule(): void;
}

export function createLive(options: LiveOptions): Live {
  const { stream, poll, isMoving, now = Date.now, random = Math.random } = options;
  const isLive = ref(false);
  let open: AbortController | null = null;
  let openedAt = 0;
  let heardAt = 0;
  let failures = 0;
  let started = false;
  /** Another one after each start and stop: what an older one waited for does nothing any more. */
  let turn = 0;
  let pollTimer: ReturnType<typeof setTimeout>;
  let retryTimer: ReturnType<typeof setTimeout>;
  let checkTimer: ReturnType<typeof setInterval>;

  function connect(): void {
    const mine = new AbortController();
    open = mine;
    openedAt = heardAt = now();
    const heard = () => {
      if (mine !== open) return;
      heardAt = now();
      isLive.value = true;
      clearTimeout(pollTimer);
    };
    const over = () => mine === open && lost();
    stream(mine.signal, heard).then(over, over);
  }

  function lost(): void {
    const lasting = isLive.value && now() - openedAt >= LASTING_MS;
    failures = lasting ? 0 : failures + 1;
    const wait = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.max(0, failures - 1));
    drop();
    askAfter(0);
    retryTimer = setTimeout(connect, lasting ? random() * RETRY_MS.first : wait * (0.5 + random() / 2));
  }

  function drop(): void {
    open?.abort();
    open = null;
    isLive.value = false;
  }

  /** A timer that was asleep with its computer wakes late and finds the stream long silent. */
  function check(): void {
    if (open && now() - heardAt >= SILENT_AFTER_MS) lost();
  }

  function askAfter(ms: number): void {
    clearTimeout(pollTimer);
    const mine = turn;
    pollTimer = setTimeout(() => {
      const next = () => mine === turn && !isLive.value && reschedule();
      poll().then(next, next);
    }, ms);
  }

  function reschedule(): void {
    if (started && !isLive.value) askAfter(isMoving() ? POLL_MS.moving : POLL_MS.atRest);
  }

  function stop(): void {
    started = false;
    turn += 1;
    clearTimeout(pollTimer);
    clearTimeout(retryTimer);
    clearInterval(checkTimer);
    drop();
  }

  return {
    isLive,
    start() {
      stop();
      started = true;
      failures = 0;
      checkTimer = setInterval(check, CHECK_MS);
      connect();
      reschedule();
    },
    stop,
    reschedule,
  };
}
