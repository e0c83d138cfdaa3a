import { createWriteStream } from 'node:fs';
import { devNull } from 'node:os';
import { ApiClient } from '@vexa/shared/testing/api-client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { whisperAlone } from '../src/demo/baseline.ts';
import { openRoom } from '../src/demo/meeting.ts';
import { judge } from '../src/demo/report.ts';
import { runDemo } from '../src/demo/run-demo.ts';
import { demoScript } from '../src/demo/script.ts';
import { openRoomInBrowser } from './person.ts';
import { useStack } from './use-stack.ts';

const log: { service: string; line: string }[] = [];
const stack = useStack({ onLine: (service, line) => log.push({ service, line }) });

test('one meeting goes through both products: right words, right names, nothing left behind', {
  timeout: 240_000,
  // Real time over WebRTC: a machine that stalls in the middle of a word may cost it once, a defect costs it always.
  retry: 1,
}, async () => {
  const script = await demoScript();
  const quiet = createWriteStream(devNull) as unknown as NodeJS.WriteStream;
  const result = await runDemo(stack, script, quiet);
  const promises = judge(result, await whisperAlone(script));
  const heard = result.transcript.segments.map((s) => `${s.start.toFixed(2)} ${s.speaker}: ${s.text}`).join('\n');
  for (const { promise, held, figure } of promises) expect(held, `${promise}: ${figure}\n${heard}`).toBe(true);
});

test('a person in a browser sees who is there and is transcribed under their name', { timeout: 180_000 }, async () => {
  const script = (await demoScript()).slice(0, 1);
  const user = await stack.retailerAdmin.createUser('browser@example.com');
  const client = new ApiClient(stack.urls.retailer, user.key);
  const nativeId = 'browser-room';
  await using room = await openRoom(stack.urls.room, nativeId, script);
  await using person = await openRoomInBrowser(room.url, 'Paula', script[0]?.clip.path ?? '');
  expect(await person.names()).toEqual(expect.arrayContaining(['Paula', 'John']));
  expect((await client.startBot(nativeId)).status).toBe(201);
  const heard = await waitFor(
    'the words of the person in the browser',
    async () => {
      const { body } = await client.transcript(nativeId);
      return body.segments?.find(
        (s) => s.completed && s.speaker === 'Paula' && /apostle|gospel|middle classes/i.test(s.text),
      );
    },
    { deadlineMs: 90_000, everyMs: 500 },
  );
  expect(heard.speaker).toBe('Paula');
  expect((await client.stopBot(nativeId)).status).toBe(202);
  await waitFor(
    'the meeting to be completed',
    async () => (await client.meeting(nativeId)).body.status === 'completed',
    {
      deadlineMs: 60_000,
      everyMs: 250,
    },
  );
  expect((await client.meeting(nativeId)).body.completion_reason).toBe('stopped');
  // One id leads from the request at the edge, by way of the bot, to the sessions whose words came of it.
  const way = ['api-gateway', 'bot-manager', 'whisperlive', 'transcription-collector'];
  const asked = log.findLast(({ service, line }) => service === 'api-gateway' && line.includes('"path":"/bots"'));
  const { request_id: requestId } = JSON.parse(asked?.line ?? '{}');
  const named = new Set(log.filter(({ line }) => line.includes(`"request_id":"${requestId}"`)).map((l) => l.service));
  expect([...named]).toEqual(expect.arrayContaining(way));
});
