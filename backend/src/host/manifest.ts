import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../project-root.ts';

/** `manifest.json` of the project's root: what a host shows, where it embeds us and what it calls. */
export interface Manifest {
  key: string;
  base_url: string;
  [field: string]: unknown;
}

export function readManifest(baseUrl: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, 'manifest.json'), 'utf8')) as Manifest;
  return { ...manifest, base_url: baseUrl, allowed_domains: [new URL(baseUrl).host] };
}

export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}
