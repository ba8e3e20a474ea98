/**
 * What a person sees of the frame. A host may make it as tall as the card, so that it is the host's page that
 * scrolls: `position: sticky` then holds on to nothing. The browser tells even a frame of another origin what part of
 * an element is on the screen.
 */

/** How often is looked while nothing says that the page was scrolled, in ms. */
const LOOK_MS = 120;

/**
 * Tells how far the bottom of what is seen lies above the frame's own, in px, as long as somebody wants to know.
 * @param frame an element that covers the whole frame
 * @returns ends it
 */
export function watchBottom(frame: Element, tell: (pixels: number) => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let told: number | null = null;
  // Observed anew each time: the browser by itself speaks only when the seen share changes, and scrolling past a
  // frame taller than the screen does not change it.
  const observer = new IntersectionObserver(([entry]) => {
    const pixels = entry?.isIntersecting
      ? Math.max(0, Math.round(entry.boundingClientRect.bottom - entry.intersectionRect.bottom))
      : told;
    observer.unobserve(frame);
    // While the page is being scrolled every frame of the screen is another.
    if (pixels === told) timer = setTimeout(() => observer.observe(frame), LOOK_MS);
    else observer.observe(frame);
    if (pixels !== null && pixels !== told) tell((told = pixels));
  });
  observer.observe(frame);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
  };
}

/** The part of the frame that is on the screen now, as heights in the frame. */
export function seenPart(): Promise<{ top: number; bottom: number }> {
  return new Promise((resolve) => {
    const observer = new IntersectionObserver(([entry]) => {
      observer.disconnect();
      const { top, bottom } = entry!.intersectionRect;
      // A frame that is out of sight altogether has no such part.
      resolve(bottom > top ? { top, bottom } : { top: 0, bottom: innerHeight });
    });
    observer.observe(document.documentElement);
  });
}

/** Tells whether an element can be seen whole. @returns ends it */
export function watchInSight(element: Element, tell: (inSight: boolean) => void): () => void {
  const observer = new IntersectionObserver(([entry]) => tell(entry!.intersectionRatio >= 0.9), {
    threshold: [0, 0.9],
  });
  observer.observe(element);
  return () => observer.disconnect();
}
