import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultPolicy } from '../src/streaming/policy.ts';
import { TranscriptionStream } from '../src/streaming/transcription-stream.ts';
import { loadVoiceDetector } from '../src/vad/silero.ts';
import { voice } from './support/live-service.ts';
import { said } from './support/said.ts';
import { joined, pinkNoise } from './support/sounds.ts';

const mebibyte = 1024 * 1024;
/** A longer run tells more: 24 h of audio are SOAK_MINUTES=1440. */
const soakMinutes = Number(process.env.SOAK_MINUTES ?? 6);

let voices: Awaited<ReturnType<typeof loadVoiceDetector>>;
let collect: () => void;

beforeAll(async () => {
  voices = await loadVoiceDetector();
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void;
});

afterAll(() => voices?.[Symbol.asyncDispose]());

/** Heap and buffers in use, after what is not has been freed. */
function memory(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function openStream(): TranscriptionStream {
  const decode = async () => said('so it was said.');
  return new TranscriptionStream(
    { language: null, task: 'transcribe' },
    {
      scheduler: { final: decode, draft: decode, dropDraft: () => {} },
      voice: voices.create(),
      policy: defaultPolicy,
      onSegment: () => {},
      onError: (error) => {
        throw error;
      },
    },
  );
}

/** Resolves when all of the audio was looked at. */
async function listen(stream: TranscriptionStream, audio: Float32Array): Promise<void> {
  const second = 16_000;
  for (let at = 0; at < audio.length; at += second) {
    stream.push(audio.slice(at, at + second));
    while (stream.backlogSeconds > 0.1) await turn();
  }
}

test('a stream on which nobody speaks holds less than 2 MiB', { timeout: 120_000 }, async () => {
  const noise = pinkNoise(3, 0.01);
  const count = 40;
  const before = memory();
  const rssBefore = process.memoryUsage().rss;
  const streams = Array.from({ length: count }, openStream);
  for (const stream of streams) await listen(stream, noise);
  const each = (memory() - before) / count / mebibyte;
  const resident = (process.memoryUsage().rss - rssBefore) / count / mebibyte;
  console.info(`an idle stream holds ${each.toFixed(3)} MiB (resident ${resident.toFixed(3)} MiB)`);
  expect(each).toBeLessThan(2);
  await Promise.all(streams.map((stream) => stream.finish()));
});

test('speech without end leaves nothing behind', { timeout: 3_600_000 }, async () => {
  const minute = joined(
    pinkNoise(12, 0.005),
    ...(await Promise.all(['jfk.wav', 'lv-sense-0870.wav', 'lv-sense-0890.wav', 'lv-sense-0920.wav'].map(voice))),
    new Float32Array(16_000 * 18),
  );
  const stream = openStream();
  const points: { minutes: number; bytes: number }[] = [];
  for (let heard = 0; heard < soakMinutes; heard += 1) {
    await listen(stream, minute);
    points.push({ minutes: heard, bytes: memory() });
  }
  // The first minutes fill caches and compile code.
  const slope = slopeOf(points.slice(2)) / mebibyte;
  console.info(`memory grows by ${(slope * 60).toFixed(2)} MiB per hour of audio over ${soakMinutes} minutes`);
  // One stream of audio is 220 MiB an hour: what is kept of it by mistake shows.
  expect(slope).toBeLessThan(0.5);
  await stream.finish();
});

/** Least squares. */
function slopeOf(points: { minutes: number; bytes: number }[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(({ minutes }) => minutes));
  const y = mean(points.map(({ bytes }) => bytes));
  const over = points.reduce((sum, { minutes, bytes }) => sum + (minutes - x) * (bytes - y), 0);
  return over / points.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
}
