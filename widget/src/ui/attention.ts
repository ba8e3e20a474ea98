/**
 * Where the person last acted, as a height in the page. The host makes our frame as tall as the card, so the
 * middle of the frame may be far out of sight: dialogs and toasts appear near the hand instead.
 */
let y = 120;

export function watchAttention(): void {
  addEventListener('pointerdown', (event) => (y = event.clientY), { capture: true, passive: true });
  addEventListener('focusin', (event) => {
    const box = (event.target as Element | null)?.getBoundingClientRect?.();
    if (box && box.height > 0 && box.height < 400) y = box.top + box.height / 2;
  });
}

/** Between what stands near the hand and the edges of the part it has to be in, in px. */
export const MARGIN = 16;

/** The top for something of this height, centred on the hand and inside the page. */
export function topNear(height: number): number {
  return inside(y - height / 2, height, { top: 0, bottom: innerHeight });
}

/** The nearest top for something of this height that leaves it inside the part. */
export function inside(top: number, height: number, part: { top: number; bottom: number }): number {
  return Math.max(part.top + MARGIN, Math.min(top, part.bottom - height - MARGIN));
}
