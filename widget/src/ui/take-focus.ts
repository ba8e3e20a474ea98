/** Takes the focus, and with it the screen, to a place, where what had it is gone. Whoever has gone on meanwhile is let be. */
export function takeFocus(place: HTMLElement | undefined): void {
  if (document.activeElement === document.body) place?.focus();
}
