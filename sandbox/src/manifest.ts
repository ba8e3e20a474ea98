import { request, type Dispatcher } from 'undici';
import { Problem } from './problem.ts';

export type Localised = Partial<Record<string, string>>;

/** The fields of our manifest that a host needs. */
export interface Manifest {
  key: string;
  version?: string;
  name: Localised;
  short_description?: Localised;
  description?: Localised;
  icons?: Partial<Record<string, string>>;
  base_url: string;
  placements: { url: string; title?: Localised }[];
  lifecycle: Record<
    'installed' | 'enabled' | 'disabled' | 'updated' | 'secret_rotated' | 'uninstalled',
    string
  >;
}

export async function fetchManifest(backendUrl: string, dispatcher: Dispatcher): Promise<Manifest> {
  let manifest: Manifest;
  try {
    const { statusCode, body } = await request(new URL('/manifest.json', backendUrl), {
      dispatcher,
      headersTimeout: 3000,
      bodyTimeout: 3000,
    });
    if (statusCode !== 200) {
      await body.dump();
      throw new Error(`answer ${statusCode}`);
    }
    manifest = (await body.json()) as Manifest;
  } catch (error) {
    const why = error instanceof Error ? error.message : 'no answer';
    throw new Problem(502, 'backend_unavailable', `The integration does not answer (${why}). Is it running?`);
  }
  if (!manifest?.key || !manifest.base_url || !manifest.lifecycle?.installed || !manifest.placements?.[0]) {
    throw new Problem(502, 'manifest_invalid', 'The manifest lacks key, base_url, placements or lifecycle.');
  }
  return manifest;
}

export function inLanguage(text: Localised | undefined, locale: string): string {
  return text?.[locale] ?? text?.en ?? text?.ru ?? '';
}
