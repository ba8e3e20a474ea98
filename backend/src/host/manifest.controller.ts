import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { MANIFEST } from '../tokens.ts';
import { Public } from './caller.ts';
import { etagOf, type Manifest } from './manifest.ts';

@Public()
@Controller()
export class ManifestController {
  constructor(@Inject(MANIFEST) private readonly manifest: Manifest) {}

  @Get('manifest.json')
  get(@Req() request: Request, @Res() response: Response): void {
    const text = JSON.stringify(this.manifest);
    response.set({ ETag: etagOf(text), 'Cache-Control': 'max-age=300' });
    if (request.fresh) response.status(304).end();
    else response.type('application/json').send(text);
  }
}
