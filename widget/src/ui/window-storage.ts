/**
 * What is kept until the window is closed. A frame of another origin may be refused its storage, and it may be full: then
 * nothing is kept.
 */
function storage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

export function putAway(key: string, value: string | null): void {
  try {
    if (value === null) storage()?.removeItem(key);
    else storage()?.setItem(key, value);
  } catch {
    // Full.
  }
}

export function takeOut(key: string): string | null {
  return storage()?.getItem(key) ?? null;
}
