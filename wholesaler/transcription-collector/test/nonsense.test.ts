import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from './client.ts';
import { type Harness, newMeeting, type Running, startCollector, startHarness, type TestMeeting } from './harness.ts';

let harness: Harness;
let collector: Running;
let meeting: TestMeeting;

beforeAll(async () => {
  harness = await startHarness();
  collector = await startCollector(harness);
  meeting = await newMeeting(harness);
});
afterAll(async () => {
  await collector?.service[Symbol.asyncDispose]();
  await harness?.[Symbol.asyncDispose]();
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom('', '0', '-1', 'NaN', '1e99', 'a.1'),
);
const query = fc.dictionary(fc.constantFrom('q', 'limit', 'cursor', 'since', 'format', 'meeting_id', 'x'), text);
const encode = (params: Record<string, string>) =>
  new URLSearchParams(
    Object.entries(params).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
  ).toString();
const known = [200, 201, 400, 404, 405, 413, 422];

async function expectAnswer(path: string, asked: Parameters<typeof ask>[1] = {}): Promise<void> {
  const response = await ask(collector.url + path, asked);
  const body = response.body?.getReader();
  expect(known, `${asked.method ?? 'GET'} ${path} answered ${response.status}`).toContain(response.status);
  await body?.cancel();
}

test('whatever is asked of reads, the answer is one of those described', async () => {
  const path = fc.constantFrom(
    '/search',
    `/transcripts/local/${meeting.nativeId}`,
    `/transcripts/local/${meeting.nativeId}/live`,
  );
  await fc.assert(
    fc.asyncProperty(path, query, (at, params) => expectAnswer(`${at}?${encode(params)}`)),
    { numRuns: 250 },
  );
});

test('whatever path or last id is sent, the answer is one of those described', async () => {
  const segment = text.map((value) => encodeURIComponent(value.toWellFormed()));
  await fc.assert(
    fc.asyncProperty(segment, segment, fc.string({ maxLength: 70 }), async (platform, id, last) => {
      await expectAnswer(`/transcripts/${platform}/${id}`);
      await expectAnswer(`/public/transcripts/${id}.txt`);
      const headers = { 'last-event-id': last.replaceAll(/[^\x20-\x7e]/g, '') };
      await expectAnswer(`/transcripts/local/${meeting.nativeId}/live`, { headers });
    }),
    { numRuns: 80 },
  );
});

test('whatever body is sent for a link, the answer is one of those described', async () => {
  const body = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ ttl_seconds: fc.anything() }).map((value) => JSON.stringify(value) ?? ''),
  );
  await fc.assert(
    fc.asyncProperty(body, (sent) =>
      expectAnswer(`/transcripts/local/${meeting.nativeId}/share`, { method: 'POST', body: sent }),
    ),
    { numRuns: 80 },
  );
});
