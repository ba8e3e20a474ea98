import { defineAsyncComponent, type Component } from 'vue';
import LoadingPart from './LoadingPart.vue';
import MissingPart from './MissingPart.vue';

/** A lost connection is often back in a moment. */
const TRIES = 3;
const AGAIN_MS = 1500;
/** What is there sooner comes without a flicker, in ms. */
const SHOW_LOADING_MS = 120;

/**
 * A part of the card that is not needed at once and is loaded by itself. Where it cannot be had, after a new version has
 * taken the old one's files away, say, it says so.
 * @param outline stands in its place from the start, about as tall as it will be
 */
export function loadedApart<T extends Component>(
  loader: () => Promise<{ default: T }>,
  outline?: Component,
): T {
  return defineAsyncComponent({
    loader: async () => (await loader()).default,
    delay: outline ? 0 : SHOW_LOADING_MS,
    loadingComponent: outline ?? LoadingPart,
    errorComponent: MissingPart,
    onError: (_error, retry, fail, tries) => {
      if (tries < TRIES) setTimeout(retry, AGAIN_MS);
      else fail();
    },
  }) as unknown as T;
}
