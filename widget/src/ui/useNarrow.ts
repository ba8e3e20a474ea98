import { onBeforeUnmount, ref, type Ref } from 'vue';

/** Where the page has one column, as `.page-columns` says. */
const ONE_COLUMN = '(max-width: 959.98px)';

export function useNarrow(): Ref<boolean> {
  const media = matchMedia(ONE_COLUMN);
  const narrow = ref(media.matches);
  const follow = () => (narrow.value = media.matches);
  media.addEventListener('change', follow);
  onBeforeUnmount(() => media.removeEventListener('change', follow));
  return narrow;
}
