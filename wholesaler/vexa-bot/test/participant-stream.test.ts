import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ParticipantStream } from '../src/transcription/participant-stream.ts';
import { startTranscriptionServer, type TranscriptionServer } from './support/transcription-server.ts';

let server: TranscriptionServer;
beforeEach(async () => {
  server = await startTranscriptionServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const sampleRate = 16_000;
const startedAt = Date.parse('2026-08-01T09:00:00.000Z');

/** Every sample says where it stands, so that gaps and doubles show. */
const counting = (from: number, count: number) =>
  Int16Array.from({ length: count }, (_, index) => 1 + ((from + index) % 30_000));
const positions = (audio: Float32Array) => Int16Array.from(audio, (sample) => Math.round(sample * 32_768));

function open(keptSeconds = 60): ParticipantStream & { say(seconds: number): void } {
  const stream = new ParticipantStream({
    url: server.url,
    startedAt,
    keptSeconds,
    logger: createLogger('test', 'silent'),
    settings: () => ({ token: 't', platform: 'local', meeting_id: 7, language: 'en' }),
  });
  let said = 0;
  return Object.assign(stream, {
    say(seconds: number) {
      for (let left = seconds * sampleRate; left > 0; left -= 1_600) {
        stream.write(counting(said, 1_600));
        said += 1_600;
      }
    },
  });
}

test('audio from before the name is known is sent first, and the end waits until all is taken in', async () => {
  const stream = open();
  stream.say(2);
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(1);
  await stream.finish(5_000);
  expect(server.sessions).toHaveLength(1);
  expect(server.sessions[0]?.config).toMatchObject({
    speaker: 'Ann',
    participant_id: 'p1',
    start_timestamp: '2026-08-01T09:00:00.000Z',
  });
  expect(server.sessions[0]?.ended).toBe(true);
  expect(positions(server.sessions[0]!.audio())).toEqual(counting(0, 3 * sampleRate));
  expect(stream.lostSeconds).toBe(0);
});

test('a voice without a name is not lost', async () => {
  const stream = open();
  stream.say(1);
  await stream.finish(5_000);
  expect(server.sessions[0]?.config.speaker).toBeNull();
  expect(server.sessions[0]?.seconds()).toBe(1);
});

test('a server that is full or refuses is asked again until it takes everything', async () => {
  server.welcome('wait', 'error', 'drop', 'ready');
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(3);
  await stream.finish(15_000);
  expect(server.attempts()).toBe(4);
  expect(positions(server.sessions[0]!.audio())).toEqual(counting(0, 3 * sampleRate));
  expect(server.sessions[0]?.config.resumes).toBeUndefined();
});

test('a connection lost after the end of audio is taken up again, so that the last words are not lost', async () => {
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(4);
  const first = await waitFor('the first session', () => server.sessions[0]);
  await waitFor('its audio', () => first.seconds() === 4);
  await first.confirm(1.25);
  await first.confirm(2.5);
  first.cut();
  await stream.finish(10_000);
  const second = server.sessions[1]!;
  expect(second.config.resumes).toEqual({ uid: first.config.uid, from_seconds: 2.5 });
  expect(second.config.start_timestamp).toBe('2026-08-01T09:00:02.500Z');
  expect(positions(second.audio())).toEqual(counting(2.5 * sampleRate, 1.5 * sampleRate));
});

test('what outlasts the kept time is counted, and the rest keeps its place in time', async () => {
  server.welcome('drop');
  const stream = open(2);
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(3);
  await waitFor('a first attempt', () => server.attempts() > 0);
  expect(stream.lostSeconds).toBe(1);
  server.welcome('ready');
  const session = await waitFor('a session', () => server.sessions[0]);
  await stream.finish(5_000);
  expect(session.config.start_timestamp).toBe('2026-08-01T09:00:01.000Z');
  expect(positions(session.audio())).toEqual(counting(sampleRate, 2 * sampleRate));
});

test('a server that stays away is given up at the deadline, and the loss is told', async () => {
  server.welcome('drop');
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(2);
  await stream.finish(500);
  expect(stream.lostSeconds).toBe(2);
});
