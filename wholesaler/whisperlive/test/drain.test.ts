import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { countLosses } from '@vexa/load-tester/count-losses';
import { speakThrough } from '@vexa/load-tester/speak-through';
import { planSpeech } from '@vexa/load-tester/speech-plan';
import { loadVoices, speakable } from '@vexa/load-tester/voices';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import {
  endOfAudio,
  finalTexts,
  type LiveService,
  meetingId,
  speak,
  startLiveService,
  voice,
} from './support/live-service.ts';

const manifest = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));

let live: LiveService;

beforeAll(async () => {
  live = await startLiveService({ DRAIN_SECONDS: '3', MAX_STREAMS: '3' });
}, 180_000);

afterAll(() => live?.[Symbol.asyncDispose](), 60_000);

test('a service that drains takes nobody new, lets go who ends, hands over who pauses, and no word is lost or doubled', {
  timeout: 120_000,
}, async () => {
  const leaving = live.createService();
  await using _ended = { [Symbol.asyncDispose]: () => leaving[Symbol.asyncDispose]() };
  const { audio = '', http = '' } = await leaving.start();
  const states = async () =>
    Promise.all(['ready', 'accepting'].map(async (path) => (await fetch(`${http}/health/${path}`)).status));
  const metrics = async () => (await fetch(`${http}/metrics`)).text();
  expect(await states()).toEqual([200, 200]);

  let url = audio;
  const target = {
    get url() {
      return url;
    },
    config: (uid: string) => ({ uid, token: live.token, platform: 'local', meeting_id: meetingId }),
  };
  const speech = planSpeech(speakable(loadVoices(manifest)), { seconds: 8, speaker: 0 });
  const talk = speakThrough(target, 'talking', speech.audio);
  const [ending, silent] = await Promise.all([live.connect('ending', {}, audio), live.connect('silent', {}, audio)]);
  await speak(silent.socket, await voice('sb-spk1_snt1.wav'));
  await speak(silent.socket, new Float32Array(16_000));
  const told = () => silent.frames.flatMap(({ segments = [] }) => segments).filter(({ completed }) => completed);
  await waitFor('what the silent one said', () => told().length > 0);
  // As many as are allowed: more would be told to wait, which only those must know who choose for others.
  expect(await states()).toEqual([200, 503]);

  const handedOver = once(silent.socket, 'close');
  const stopped = leaving[Symbol.asyncDispose]();
  url = live.url;
  await waitFor('it to be draining', async () => (await states()).every((status) => status === 503));
  expect(await metrics()).toMatch(/^whisperlive_draining 1$/m);
  await expect(once(new WebSocket(audio), 'open')).rejects.toThrow('ECONNREFUSED');
  expect(await endOfAudio(ending.socket)).toBe(1000);
  expect((await handedOver)[0]).toBe(1012);
  expect(told().map(({ text }) => text)).toEqual(finalTexts(await live.published('silent')));
  expect(await metrics()).toMatch(/^whisperlive_streams_handed_over_total\{moment="pause"\} [12]$/m);
  await stopped;

  const heard = await talk;
  expect(heard.connections).toBe(2);
  expect(countLosses(speech, heard.finals)).toEqual({ lost: 0, doubled: 0 });
});
