import type { RunningBots } from '@vexa/shared/contracts/meeting';
import { ApiClient } from '@vexa/shared/testing/api-client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { findLeftovers } from '../src/demo/leftovers.ts';
import { openLiveView } from '../src/demo/live-view.ts';
import { openRoom } from '../src/demo/meeting.ts';
import { demoScript } from '../src/demo/script.ts';
import { useStack } from './use-stack.ts';

const stack = useStack();

const patient = { deadlineMs: 120_000, everyMs: 250 };

async function newUser(name: string): Promise<ApiClient> {
  const user = await stack.retailerAdmin.createUser(`${name}@example.com`);
  return new ApiClient(stack.urls.retailer, user.key);
}

const pathsOf = (room: string) => [`/meetings/local/${room}`, `/transcripts/local/${room}`];

test('two users share one bot through an outage of the wholesaler; it leaves with the last of them', {
  timeout: 400_000,
}, async () => {
  const [ann, ben, eve] = await Promise.all(['ann', 'ben', 'eve'].map(newUser));
  if (!ann || !ben || !eve) throw new Error('three users were made');
  const wholesaler = new ApiClient(stack.urls.gateway, stack.systemKey);
  const script = (await demoScript()).slice(0, 2);
  const [first, second] = script;
  if (!first || !second) throw new Error('the script has two turns');
  const nativeId = 'shared-room';
  await using room = await openRoom(stack.urls.room, nativeId, script);

  const started = await Promise.all([ann.startBot(nativeId), ben.startBot(nativeId)]);
  expect(started.map(({ status }) => status).sort()).toEqual([200, 201]);
  expect(started[0].body.id).toBe(started[1].body.id);
  const botIs = async (status: string) => (await wholesaler.meeting(nativeId)).body.status === status;
  await waitFor('the bot to be active', () => botIs('active'), patient);
  const bots = await wholesaler.call<z.infer<typeof RunningBots>>('GET', '/bots/status');
  expect(bots.body.running_bots).toHaveLength(1);
  for (const path of pathsOf(nativeId)) expect((await eve.call('GET', path)).status).toBe(404);
  expect((await eve.stopBot(nativeId)).status).toBe(404);

  await using bensView = await openLiveView({ url: ben.url, key: ben.key, nativeId });
  const finals = (speaker: string) =>
    [...bensView.seen.values()].filter(({ segment }) => segment.completed && segment.speaker === speaker);
  await room.play([first]);
  await waitFor('the words of the first turn', () => finals(first.speaker).length > 0, patient);
  const before = await waitFor('a live copy', async () => {
    const { body } = await ann.transcript(nativeId);
    return body.source === 'live' && body.segments.some(({ completed }) => completed) && body;
  });

  await stack.service('api-gateway').kill();
  const stale = await ann.transcript(nativeId);
  expect(stale).toMatchObject({ status: 200, body: { source: 'stale' } });
  expect(stale.body.segments.length).toBeGreaterThanOrEqual(before.segments.length);
  const refused = await ann.startBot('another-room');
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  await room.play([second]); // nobody hears it, but the bot
  await stack.service('api-gateway').start();
  await waitFor('live reads again', async () => (await ann.transcript(nativeId)).body.source === 'live', patient);
  await waitFor('what was said meanwhile, live', () => finals(second.speaker).length > 0, patient);

  expect((await ann.stopBot(nativeId)).status).toBe(202);
  expect(await botIs('active')).toBe(true);
  expect((await ben.stopBot(nativeId)).status).toBe(202);
  const finished = (user: ApiClient) =>
    waitFor(
      'the finished transcript',
      async () => {
        const { status, body } = await user.transcript(nativeId);
        return status === 200 && body.source === 'history' && body;
      },
      patient,
    );
  const [anns, bens] = await Promise.all([finished(ann), finished(ben)]);
  expect(anns.segments).toEqual(bens.segments);
  expect(new Set(anns.segments.map(({ speaker }) => speaker))).toEqual(new Set([first.speaker, second.speaker]));
  expect(new Set(anns.segments.map(({ segment_id }) => segment_id)).size).toBe(anns.segments.length);
  expect((await ann.meeting(nativeId)).body.completion_reason).toBe('stopped');
  for (const path of pathsOf(nativeId)) expect((await eve.call('GET', path)).status).toBe(404);
  const texts = anns.segments.map(({ text }) => text);
  const isClean = async () => (await findLeftovers(stack.wholesalerDatabaseUrl, stack.redisUrl, texts)).length === 0;
  await waitFor('the wholesaler to be empty', isClean, patient);
});
