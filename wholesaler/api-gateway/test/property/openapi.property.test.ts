import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import document from '../../openapi.json' with { type: 'json' };
import { arbitraryOf, type Schema } from './arbitrary.ts';
import { startWholesaler } from './wholesaler.ts';

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}
interface Operation {
  operationId: string;
  security?: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
  responses: Record<string, unknown>;
}

// The same requests every time, so that a red run means a change; other seeds and more runs by hand.
const seed = Number(process.env.FUZZ_SEED ?? 1);
const numRuns = Number(process.env.FUZZ_RUNS ?? 15);

const schemas = document.components.schemas as unknown as Record<string, Schema>;
const resolve = (ref: string): Schema => schemas[ref.replace('#/components/schemas/', '')] ?? {};
const operations = Object.entries(document.paths as unknown as Record<string, Record<string, Operation>>).flatMap(
  ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

let wholesaler: Awaited<ReturnType<typeof startWholesaler>>;
beforeAll(async () => {
  wholesaler = await startWholesaler();
}, 60_000);
afterAll(() => wholesaler?.edge.stack.disposeAsync());

const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
const encode = (value: string): string => encodeURIComponent(value.toWellFormed());

/** Path, query, body and headers of one operation. Ids lead to something real now and then. */
function requestOf(path: string, operation: Operation, ids: number[]) {
  const drawnFor = ({ schema, name, required }: Parameter) => {
    const drawn =
      name.endsWith('_id') && name !== 'native_meeting_id' ? fc.constantFrom(...ids) : fc.constant(undefined);
    const some = fc.oneof({ weight: 1, arbitrary: drawn }, { weight: 1, arbitrary: arbitraryOf(schema, resolve) });
    return required ? some : fc.option(some, { nil: undefined });
  };
  const place = (where: string) => {
    const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === where);
    return fc.record(Object.fromEntries(parameters.map((parameter) => [parameter.name, drawnFor(parameter)])));
  };
  const media = operation.requestBody?.content['application/json'];
  const body = media
    ? fc.oneof(
        { weight: 6, arbitrary: arbitraryOf(media.schema, resolve).map((value) => JSON.stringify(value) ?? '') },
        { weight: 2, arbitrary: fc.constant(JSON.stringify(media.example ?? {})) },
        {
          weight: 1,
          arbitrary: fc.constantFrom('', '{', '[]', 'null', '"\\ud800"', '{"__proto__":{"a":1}}', '\ufeff{}'),
        },
      )
    : fc.constant(undefined);
  return fc.record({ path: place('path'), query: place('query'), header: place('header'), body }).map((drawn) => {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encode(text(drawn.path[name] ?? '')) || 'x');
    const query = Object.entries(drawn.query).filter(([, value]) => value !== undefined && value !== null);
    const search = query.map(([name, value]) => `${name}=${encode(text(value))}`).join('&');
    return { target: filled + (search ? `?${search}` : ''), body: drawn.body, headers: printable(drawn.header) };
  });
}

/** Headers that an HTTP client can send at all. */
const printable = (headers: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        text(value)
          .replace(/[^\x21-\x7e ]/g, '')
          .trim(),
      ]),
  );

test.each(operations.map((one) => [one.operation.operationId, one] as const))(
  'whatever is sent to %s, the answer is one the document declares, and never a 500',
  async (_, { path, method, operation }) => {
    const { edge, url } = wholesaler;
    // Of their own for each operation, since some operations delete.
    const [caller, victim] = [await edge.newKey(), await edge.newKey()];
    const takesAdminKey = operation.security?.some((scheme) => 'AdminKey' in scheme);
    const key = takesAdminKey ? { 'x-admin-api-key': edge.adminToken } : { 'x-api-key': caller.key };
    await fc.assert(
      fc.asyncProperty(requestOf(path, operation, [victim.user.id, victim.tokenId, 1, 999]), async (request) => {
        const answer = await fetch(url + request.target, {
          method: method.toUpperCase(),
          headers: { ...request.headers, ...key, 'content-type': 'application/json' },
          redirect: 'manual',
          signal: AbortSignal.timeout(15_000),
          ...(request.body === undefined ? {} : { body: request.body }),
        });
        const body = await answer.text();
        const shown = `${method} ${request.target} ${request.body} -> ${answer.status} ${body}`;
        // A dot segment in a path is another path, so there 404 and 405 are right whatever is declared.
        const declared = [...Object.keys(operation.responses), '404'];
        expect(declared, shown).toContain(String(answer.status));
        expect(answer.status, shown).toBeLessThan(500);
        expect(answer.headers.get('x-request-id')).toBeTruthy();
        if (answer.status >= 400)
          expect(JSON.parse(body), shown).toMatchObject({ status: answer.status, detail: expect.anything() });
        expect(body).not.toMatch(/node_modules|\.ts:\d+|select .* from /i);
      }),
      { seed, numRuns, endOnFailure: true },
    );
  },
  30_000,
);
