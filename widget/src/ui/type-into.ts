/**
 * Puts text into a field as if it had been typed: the field says so, and Ctrl+Z takes it back.
 * `execCommand` is the one way that browsers keep their undo by; where it is gone, the text is put there all the same.
 */
export function typeInto(field: HTMLTextAreaElement, from: number, to: number, text: string): void {
  field.focus();
  field.setSelectionRange(from, to);
  if (document.execCommand('insertText', false, text)) return;
  field.setRangeText(text, from, to, 'end');
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
