import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Edge, startEdge } from './fixture.ts';

let edge: Edge;
let key: string;
let botKey: string;
beforeAll(async () => {
  edge = await startEdge();
  key = (await edge.newKey(['tx'])).key;
  botKey = (await edge.newKey(['bot'])).key;
});
afterAll(() => edge?.stack.disposeAsync());

const ask = (path: string, apiKey?: string, method = 'GET') =>
  fetch(edge.url + path, { method, headers: apiKey ? { 'x-api-key': apiKey } : {} });

test.each([
  ['GET', '/transcripts/local/room-1?format=srt&since=a.1'],
  ['GET', '/transcripts/local/room-1/live?meeting_id=3'],
  ['POST', '/transcripts/local/room-1/share'],
  ['GET', '/search?q=budget&limit=3'],
])('%s %s goes to the collector with the scope tx, and not without', async (method, path) => {
  const answer = await ask(path, key, method);
  expect([answer.status, answer.headers.get('x-answered-by')]).toEqual([201, 'collector']);
  expect(await answer.json()).toMatchObject({ method, path, identity: { scopes: ['tx'] } });
  const refused = await ask(path, botKey, method);
  expect([refused.status, (await refused.json()).code]).toEqual([403, 'forbidden']);
  const unknown = await ask(path, undefined, method);
  expect([unknown.status, (await unknown.json()).code]).toEqual([401, 'unauthorized']);
});

test('where a follower stopped goes along', async () => {
  const headers = { 'x-api-key': key, 'last-event-id': 'abc.17' };
  const answer = await fetch(`${edge.url}/transcripts/local/room-1/live`, { headers });
  expect((await answer.json()).headers).toMatchObject({ 'last-event-id': 'abc.17' });
});

test('a link needs no key, and a key that comes along is not handed on', async () => {
  for (const apiKey of [undefined, key]) {
    const answer = await ask('/public/transcripts/0123456789abcdefghij.txt', apiKey);
    // The stand-in refuses whatever carries no identity, so that none was made up shows in its answer.
    expect([answer.status, (await answer.json()).detail]).toEqual([401, expect.stringContaining('gateway')]);
  }
  expect((await ask('/public/transcripts/0123456789abcdefghij.txt', undefined, 'POST')).status).toBe(404);
  expect((await ask('/public/elsewhere')).status).toBe(404);
});
