import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { PROBLEMS, ProblemSchema, type ProblemCode } from '../../../contract/problems.ts';
import { roleMay, ROLES } from '../../../contract/session.ts';
import { OPERATIONS, type Operation } from './operations.ts';

type Json = Record<string, unknown>;

/** Problems that any operation behind a token may answer with. */
const TOKEN_PROBLEMS: ProblemCode[] = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'installation_inactive',
  'role_insufficient',
];

/** OpenAPI 3.1 of our API, made from the contract's own schemas: what is described is what is checked. */
export function openApiDocument(baseUrl: string, version: string): Json {
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    (paths[operation.path] ??= {})[operation.method] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mass Messaging',
      version,
      description: 'Campaigns over WhatsApp (WABA) and SMS, embedded in a CRM.',
    },
    servers: [{ url: baseUrl }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(ProblemSchema) },
      securitySchemes: {
        session: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description:
            'The host’s session token: HS256 per installation, or RS256 / ES256 by a registered key.',
        },
        lifecycle: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The host platform’s lifecycle token, bound to the body by its hash.',
        },
        webhook: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Standard Webhooks.',
        },
      },
    },
  };
}

function describe(operation: Operation): Json {
  const parameters: Json[] = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  for (const [name, schema] of Object.entries(operation.query?.entries ?? {})) {
    parameters.push({ name, in: 'query', required: false, schema: jsonSchema(schema as GenericSchema) });
  }
  return {
    operationId: `${operation.method}${operation.path.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: operation.summary,
    ...(operation.security === 'session' && { description: whoMay(operation) }),
    tags: [operation.tag],
    ...(parameters.length > 0 && { parameters }),
    ...(operation.security !== 'none' && { security: [{ [operation.security]: [] }] }),
    ...(operation.body && { requestBody: { required: true, content: bodyContent(operation.body) } }),
    responses: { [operation.answer.status]: answer(operation.answer), ...problemAnswers(operation) },
  };
}

function whoMay({ needs = 'view' }: Operation): string {
  return `For the roles ${ROLES.filter((role) => roleMay(role, needs)).join(', ')}.`;
}

function bodyContent(body: NonNullable<Operation['body']>): Json {
  if (body === 'file') return { 'text/csv': { schema: { type: 'string', format: 'binary' } } };
  return { 'application/json': { schema: jsonSchema(body) } };
}

function answer({ schema, file, events }: Operation['answer']): Json {
  if (file) return { description: 'A file', content: { 'text/csv': { schema: { type: 'string' } } } };
  if (!schema) return { description: 'Done' };
  if (events) {
    return {
      description: 'Events whose data is JSON',
      content: { 'text/event-stream': { schema: jsonSchema(schema) } },
    };
  }
  return { description: 'Done', content: { 'application/json': { schema: jsonSchema(schema) } } };
}

function problemAnswers(operation: Operation): Json {
  const codes = [...(operation.security === 'session' ? TOKEN_PROBLEMS : []), ...operation.problems];
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, each]) => [
      status,
      {
        description: each.map((code) => `\`${code}\`: ${PROBLEMS[code].en}`).join('\n\n'),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

/** Checks by code (a time zone, a date) have no JSON Schema; the schema then says what it can. */
function jsonSchema(schema: GenericSchema): Json {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, {
    errorMode: 'ignore',
    target: 'draft-2020-12',
  }) as Json;
  return rest;
}
