import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import type { OpenAPIHono } from '@hono/zod-openapi';
import { securitySchemes } from '../contracts/routes/parts.ts';
import type { BaseVariables } from './app.ts';
import { type Schema, type Schemas, sample } from './docs/schema.ts';

type ApiInfo = {
  title: string;
  version: string;
  /** Markdown. */
  description: string;
};

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The OpenAPI 3.1 document of every route registered so far; `everywhere` is what any of those with a key may answer. */
export function openApiDocument<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  info: ApiInfo,
  everywhere: Problems = {},
) {
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    app.openAPIRegistry.registerComponent('securitySchemes', name, scheme);
  }
  return withExamples(app.getOpenAPI31Document({ openapi: '3.1.0', info }), everywhere);
}

type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;

/** Shows for each success what its body looks like, unless the route says so itself. */
function withExamples(document: OpenApiDocument, everywhere: Problems): OpenApiDocument {
  const refused = Object.fromEntries(
    Object.entries(everywhere).map(([status, { description }]) => [status, { description, content: problemContent }]),
  );
  const schemas = (document.components?.schemas ?? {}) as Schemas;
  for (const operation of Object.values(document.paths ?? {}).flatMap((methods) => Object.values(methods))) {
    if (operation.security?.length) operation.responses = { ...refused, ...operation.responses };
    for (const [status, response] of Object.entries((operation as Operation).responses ?? {})) {
      const media = response.content?.['application/json'];
      if (status.startsWith('2') && media?.schema && media.example === undefined) {
        media.example = sample(media.schema, schemas);
      }
    }
  }
  return document;
}

/** Responses by status, as `problems` makes them. */
type Problems = Record<string, { description: string }>;

const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

interface Operation {
  responses?: Record<string, { content?: Record<string, { schema?: Schema; example?: unknown }> }>;
}

/** Serves `/openapi.json` and `/docs`, a page that lists and tries the routes and loads nothing from elsewhere. Mount last. */
export function mountDocs<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  info: ApiInfo,
  everywhere: Problems = {},
): void {
  const document = JSON.stringify(openApiDocument(app, info, everywhere));
  app.get('/openapi.json', (c) => c.body(document, 200, { 'content-type': 'application/json' }));
  const html = read('page.html');
  app.get('/docs', (c) => c.html(html, 200, { 'content-security-policy': contentSecurityPolicy }));
  const style = read('page.css');
  app.get('/docs/page.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }));
  for (const name of ['page', 'operation', 'schema']) {
    const script = stripTypeScriptTypes(read(`${name}.ts`));
    app.get(`/docs/${name}.ts`, (c) => c.body(script, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  }
}

const read = (name: string): string => readFileSync(new URL(`./docs/${name}`, import.meta.url), 'utf8');
