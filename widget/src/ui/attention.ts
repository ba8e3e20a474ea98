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

/** The top for something of this height, centred on the hand and inside the page. */
export function topNear(height: number): number {
  return Math.max(16, Math.min(y - height / 2, innerHeight - height - 16));
}
