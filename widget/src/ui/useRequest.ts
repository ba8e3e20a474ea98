import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';

export type RequestState = 'idle' | 'loading' | 'done' | 'error';

export interface Request<T, A extends unknown[]> {
  state: Ref<RequestState>;
  data: ShallowRef<T | null>;
  error: ShallowRef<unknown>;
  /** Answers null when it failed or when a newer call has taken its place. */
  run(...args: A): Promise<T | null>;
  /** Forgets whatever is under way and what was there. */
  reset(): void;
}

/** A request with its state; the answer of an older call never replaces that of a newer one. */
export function useRequest<T, A extends unknown[]>(call: (...args: A) => Promise<T>): Request<T, A> {
  const state = ref<RequestState>('idle');
  const data = shallowRef<T | null>(null);
  const error = shallowRef<unknown>(null);
  let latest = 0;

  async function run(...args: A): Promise<T | null> {
    const mine = (latest += 1);
    state.value = 'loading';
    try {
      const answer = await call(...args);
      if (mine !== latest) return null;
      data.value = answer;
      error.value = null;
      state.value = 'done';
      return answer;
    } catch (cause) {
      if (mine !== latest) return null;
      error.value = cause;
      state.value = 'error';
      return null;
    }
  }

  function reset(): void {
    latest += 1;
    state.value = 'idle';
    data.value = null;
    error.value = null;
  }

  return { state, data, error, run, reset };
}
