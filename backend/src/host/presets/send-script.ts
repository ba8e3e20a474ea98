import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Response } from 'express';
import { PROJECT_ROOT } from '../../project-root.ts';

/** A module of another origin is loaded by CORS alone; these files are the same for everybody. */
export function sendScript(response: Response, file: string): void {
  response.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=300' });
  response.type('text/javascript').send(readFileSync(join(PROJECT_ROOT, file), 'utf8'));
}
