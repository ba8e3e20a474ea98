import { putAway, takeOut } from '../ui/window-storage.ts';

/**
 * The open campaign stands in the frame's address, where a reload of the frame finds it. A reload of the CRM's page makes
 * another frame: it is told of it (`reloaded`), and finds the campaign in the window's storage.
 */
export function idInAddress(): number | null {
  const id = /^#\/campaigns\/(\d+)$/.exec(location.hash)?.[1];
  return id === undefined ? null : Number(id);
}

export function idAtFirst(): number | null {
  const kept = Number(takeOut(key()));
  if (location.hash === '' && query().has('reloaded') && kept > 0)
    history.replaceState(null, '', addressOf(kept));
  return idInAddress();
}

export function rememberOpen(id: number | null): void {
  if (id !== idInAddress()) location.hash = addressOf(id);
  putAway(key(), id === null ? null : String(id));
}

const addressOf = (id: number | null) => (id === null ? '#/' : `#/campaigns/${id}`);
const query = () => new URLSearchParams(location.search);
const key = () => `open ${query().get('host')} ${query().get('tenant')}`;
