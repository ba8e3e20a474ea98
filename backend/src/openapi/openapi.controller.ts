import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Config } from '../config.ts';
import { ProblemError } from '../errors.ts';
import { Public } from '../host/caller.ts';
import type { Manifest } from '../host/manifest.ts';
import { CONFIG, MANIFEST } from '../tokens.ts';
import { openApiDocument } from './document.ts';

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mass Messaging API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css"></head><body><div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></body></html>`;
const START = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#swagger-ui' });`;
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'];

/** The description of our API, and in development a page to browse it. */
@Public()
@Controller('api')
export class OpenApiController {
  private readonly document: string;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(MANIFEST) manifest: Manifest,
  ) {
    this.document = JSON.stringify(openApiDocument(config.baseUrl, String(manifest['version'])));
  }

  @Get('openapi.json')
  get(@Res() response: Response): void {
    response.type('application/json').send(this.document);
  }

  @Get('docs')
  page(@Res() response: Response): void {
    this.requireDevelopment();
    response.type('html').send(PAGE);
  }

  @Get('docs/:file')
  file(@Param('file') file: string, @Res() response: Response): void {
    this.requireDevelopment();
    if (file === 'start.js') {
      response.type('js').send(START);
    } else if (FILES.includes(file)) {
      const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
      response.type(file).send(readFileSync(join(folder, file), 'utf8'));
    } else {
      throw new ProblemError('not_found');
    }
  }

  private requireDevelopment(): void {
    if (this.config.production) throw new ProblemError('not_found');
  }
}
