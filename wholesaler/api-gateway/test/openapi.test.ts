import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Edge, startEdge } from './fixture.ts';

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge();
});
afterAll(() => edge?.stack.disposeAsync());

test('the committed openapi.json is the served one (npm run openapi writes it anew)', async () => {
  const served = await (await fetch(`${edge.url}/openapi.json`)).json();
  const committed = JSON.parse(await readFile(new URL('../openapi.json', import.meta.url), 'utf8'));
  expect(served).toEqual(committed);
});

test('every route of the document has an id, a summary, its errors and a known security scheme', async () => {
  // biome-ignore lint/suspicious/noExplicitAny: the document is looked into by expectations
  const document: any = await (await fetch(`${edge.url}/openapi.json`)).json();
  expect(document.openapi).toBe('3.1.0');
  const schemes = Object.keys(document.components.securitySchemes);
  const ids: string[] = [];
  for (const methods of Object.values<object>(document.paths)) {
    for (const operation of Object.values(methods)) {
      expect(operation.summary).toEqual(expect.any(String));
      // What asks for no key refuses none.
      if (operation.security.length > 0) expect(operation.responses).toHaveProperty('401');
      for (const example of examplesOf(operation)) expect([operation.operationId, example]).not.toContain(undefined);
      ids.push(operation.operationId);
      for (const scheme of operation.security) expect(schemes).toContain(Object.keys(scheme)[0]);
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
});

/** What the document shows of the operation's bodies, its request's and those of its successes. */
function examplesOf(operation: { requestBody?: Media; responses: Record<string, Media> }): unknown[] {
  const successes = Object.entries(operation.responses).flatMap(([status, one]) => (status < '3' ? [one] : []));
  const media = [operation.requestBody, ...successes].map((one) => one?.content?.['application/json']);
  return media.flatMap((one) => (one ? [one.example] : []));
}
interface Media {
  content?: Record<string, { example?: unknown }>;
}

test('the docs page loads nothing from elsewhere', async () => {
  const page = await fetch(`${edge.url}/docs`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  const links = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, link]) => link!);
  const modules = ['/docs/operation.ts', '/docs/schema.ts'];
  for (const link of [...links, ...modules]) {
    const response = await fetch(edge.url + link);
    expect([link, response.status]).toEqual([link, 200]);
    if (link.endsWith('.ts')) expect(response.headers.get('content-type')).toContain('text/javascript');
  }
});
