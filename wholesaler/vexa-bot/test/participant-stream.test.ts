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

function open(
  keptSeconds = 60,
  more: { silentMs?: number } = {},
): ParticipantStream & { say(seconds: number): void; hush(seconds: number): void } {
  const stream = new ParticipantStream({
    url: server.url,
    startedAt,
    keptSeconds,
    ...more,
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
    hush(seconds: number) {
      for (let left = seconds * sampleRate; left > 0; left -= 1_600) stream.write(new Int16Array(1_600));
    },
  });
}

/** Ann speaks so many seconds; answers with the session that has heard them. */
async function spoken(stream: ReturnType<typeof open>, seconds: number) {
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.say(seconds);
  const session = await waitFor('the first session', () => server.sessions[0]);
  await waitFor('its audio', () => session.seconds() === seconds);
  return session;
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

test('a change that comes while a session begins counts for it', async () => {
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  stream.control({ type: 'reconfigure', payload: { language: 'de' } });
  stream.say(1);
  await stream.finish(5_000);
  expect(server.sessions[0]?.config.language).toBe('en');
  expect(server.sessions[0]?.controls).toEqual([{ type: 'reconfigure', payload: { language: 'de' } }]);
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
  const first = await spoken(stream, 4);
  await first.confirm(1.25);
  await first.confirm(2.5);
  first.cut();
  await stream.finish(10_000);
  const second = server.sessions[1]!;
  expect(second.config.resumes).toEqual({ uid: first.config.uid, from_seconds: 2.5 });
  expect(second.config.start_timestamp).toBe('2026-08-01T09:00:02.500Z');
  expect(positions(second.audio())).toEqual(counting(2.5 * sampleRate, 1.5 * sampleRate));
});

test('a stream that is handed over goes on elsewhere from the last final, and what was on its way is sent again', async () => {
  const stream = open();
  const first = await spoken(stream, 2);
  await first.confirm(1.5);
  first.handOver();
  stream.say(1);
  await stream.finish(10_000);
  const second = server.sessions[1]!;
  expect(second.config.resumes).toEqual({ uid: first.config.uid, from_seconds: 1.5 });
  expect(positions(second.audio())).toEqual(counting(1.5 * sampleRate, 1.5 * sampleRate));
  expect(stream.lostSeconds).toBe(0);
});

test('a server that hangs is left while what it did not confirm is still kept, and nothing is lost', async () => {
  const stream = open(60, { silentMs: 400 });
  const first = await spoken(stream, 2);
  await first.confirm(1.5);
  first.pause();
  stream.say(1);
  const second = await waitFor('another session', () => server.sessions[1]);
  await stream.finish(10_000);
  expect(second.config.resumes).toEqual({ uid: first.config.uid, from_seconds: 1.5 });
  expect(positions(second.audio())).toEqual(counting(1.5 * sampleRate, 1.5 * sampleRate));
  expect(stream.lostSeconds).toBe(0);
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

test('long silence is not sent, and what is said after it keeps its time and its speaker', async () => {
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  const first = await waitFor('the first session', () => server.sessions[0]);
  stream.setSpeaking({ id: 'p1', name: 'Ann' }, true, startedAt);
  stream.say(2);
  stream.hush(29.9);
  await waitFor('all that was heard', () => first.seconds() > 31.8);
  expect(first.ended).toBe(false);
  stream.hush(0.1);
  await waitFor('the end of the first session', () => first.ended && !first.open);
  stream.hush(3_600);
  stream.say(2);
  const second = await waitFor('the second session', () => server.sessions[1]);
  await stream.finish(10_000);
  expect(server.sessions).toHaveLength(2);
  expect(first.seconds()).toBe(32);
  expect(second.config.resumes).toBeUndefined();
  expect(second.config.start_timestamp).toBe('2026-08-01T10:00:31.000Z');
  expect(positions(second.audio())).toEqual(
    Int16Array.from([...new Int16Array(sampleRate), ...counting(2 * sampleRate, 2 * sampleRate)]),
  );
  expect(second.controls).toMatchObject([
    { payload: { event_type: 'SPEAKER_START', relative_client_timestamp_ms: 0 } },
  ]);
  expect(stream.lostSeconds).toBe(0);
});

test('who speaks again while the silence before is being ended loses nothing, and a broken end is taken up again', async () => {
  const stream = open();
  stream.identify({ id: 'p1', name: 'Ann' });
  const first = await waitFor('the first session', () => server.sessions[0]);
  stream.say(2);
  stream.hush(30);
  stream.say(1);
  const second = await waitFor('the second session', () => server.sessions[1]);
  second.cut();
  const third = await waitFor('the third session', () => server.sessions[2]);
  await stream.finish(10_000);
  expect(first.seconds()).toBe(32);
  expect(second.config.resumes).toBeUndefined();
  expect(third.config.resumes).toEqual({ uid: second.config.uid, from_seconds: 0 });
  expect(positions(third.audio())).toEqual(counting(2 * sampleRate, sampleRate));
  expect(stream.lostSeconds).toBe(0);
});

test('a server that stops reading is waited for; beyond what is kept it hears silence, and the loss is counted', async () => {
  const stream = open(10);
  stream.identify({ id: 'p1', name: 'Ann' });
  const session = await waitFor('the session', () => server.sessions[0]);
  session.pause();
  // The system between the two takes some minutes in, how many is its own affair.
  let minutes = 0;
  for (; stream.lostSeconds < 30; minutes += 1) {
    stream.say(60);
    await new Promise((resolve) => setImmediate(resolve));
  }
  session.resume();
  await stream.finish(30_000);
  const heard = session.audio();
  const silent = heard.reduce((sum, sample) => sum + (sample === 0 ? 1 : 0), 0);
  expect(session.seconds()).toBe(minutes * 60);
  expect(silent / sampleRate).toBeCloseTo(stream.lostSeconds, 3);
  expect(heard.every((sample, at) => sample === 0 || Math.round(sample * 32_768) === 1 + (at % 30_000))).toBe(true);
});
