import { join } from 'node:path';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import helmet from 'helmet';
import type { DataSource } from 'typeorm';
import { isProblemCode } from '../../contract/problems.ts';
import { AppModule } from './app.module.ts';
import type { Config } from './config.ts';
import { ErrorFilter } from './error.filter.ts';
import { ProblemError } from './errors.ts';
import { PROJECT_ROOT } from './project-root.ts';

/** JSON bodies are settings and webhooks: a text, its bindings, a receipt. Files come as they are, not as JSON. */
const JSON_LIMIT = '256kb';

/** Builds the application without listening; tests and main.ts do the rest. */
export async function createApp(config: Config, dataSource: DataSource): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config, dataSource), {
    rawBody: true,
    bodyParser: false,
    logger: ['error', 'warn', 'fatal'],
  });
  app.disable('x-powered-by');
  // The frame's page sets its own policy; X-Frame-Options would forbid every embedding.
  app.use(
    helmet({
      frameguard: false,
      contentSecurityPolicy: false,
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      strictTransportSecurity: config.production,
    }),
  );
  app.useBodyParser('json', { limit: JSON_LIMIT });
  app.useStaticAssets(join(PROJECT_ROOT, 'dist/widget'), {
    prefix: '/widget/',
    index: false,
    maxAge: '1y',
    immutable: true,
  });
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: invalidFields }));
  app.useGlobalFilters(new ErrorFilter());
  return app;
}

/** Each issue's message is a problem code; what the schema library says by itself is a malformed request. */
function invalidFields(issues: readonly StandardSchemaV1.Issue[]): ProblemError {
  const errors = issues.map((issue) => ({
    field: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    code: isProblemCode(issue.message) ? issue.message : 'malformed',
  }));
  const known = errors.filter(({ code }) => code !== 'malformed');
  return known.length > 0
    ? new ProblemError('invalid', {}, known)
    : new ProblemError('malformed', {}, errors);
}
