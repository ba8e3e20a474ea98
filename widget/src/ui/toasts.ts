import { reactive } from 'vue';

export interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
}

const SHOWN_MS = 6000;

export const toasts = reactive<Toast[]>([]);
let count = 0;

export function toast(tone: Toast['tone'], text: string): void {
  const id = (count += 1);
  toasts.splice(0, toasts.length, { id, tone, text });
  setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  const index = toasts.findIndex((shown) => shown.id === id);
  if (index >= 0) toasts.splice(index, 1);
}
