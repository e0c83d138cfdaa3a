import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { countLosses } from '@vexa/load-tester/count-losses';
import { speakThrough } from '@vexa/load-tester/speak-through';
import { planSpeech } from '@vexa/load-tester/speech-plan';
import { loadVoices, speakable } from '@vexa/load-tester/voices';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import {
  endOfAudio,
  finalText,
  finalTexts,
  type LiveService,
  meetingId,
  speak,
  startLiveService,
  voice,
} from './support/live-service.ts';
import { askNot, steadyFrom } from './support/recordings.ts';

let live: LiveService;
let url: string;
let token: string;
let connect: LiveService['connect'];
let published: LiveService['published'];

beforeAll(async () => {
  live = await startLiveService();
  ({ url, token, connect, published } = live);
}, 180_000);

afterAll(() => live?.[Symbol.asyncDispose](), 60_000);

/** Holds back what is sent meanwhile, so that the other side reads it all at once. */
function inOnePacket(socket: WebSocket, send: () => void): void {
  const raw = (socket as unknown as { _socket: Socket })._socket;
  raw.cork();
  send();
  raw.uncork();
}

test('speech becomes drafts, then finals with the same ids, then the end: in this order and with the right words', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const ids = { request_id: 'req-7', traceparent: `00-${trace}-b7ad6b7169203331-01` };
  const { socket, frames } = await connect('order', ids);
  // Drafts are shed when audio comes faster than people speak, so this one is spoken at their pace.
  await speak(socket, (await voice('jfk.wav')).subarray(steadyFrom * 16_000), 1);
  socket.send(Buffer.from('END_OF_AUDIO'));
  const [code] = await once(socket, 'close');
  expect(code).toBe(1000);

  const messages = await published('order');
  expect(messages[0]).toMatchObject({
    type: 'session_start',
    meeting_id: meetingId,
    speaker: 'John',
    model_identifier: 'tiny.en',
    ...ids,
  });
  expect(messages.at(-1)).toMatchObject({ type: 'session_end', audio_seconds: expect.closeTo(11 - steadyFrom, 2) });
  expect(messages.filter(({ type }) => type === 'session_end')).toHaveLength(1);
  expect(wordErrorRate(askNot, finalText(messages)).errors).toBeLessThanOrEqual(2);

  const segments = messages.flatMap((m) => (m.type === 'transcription' ? m.segments : []));
  for (const final of segments.filter((s) => s.completed)) {
    expect(segments.slice(segments.indexOf(final) + 1).some((s) => s.segment_id === final.segment_id)).toBe(false);
  }
  expect(segments.some((s) => !s.completed)).toBe(true);
  const told = frames.flatMap((frame) => frame.segments ?? []).filter((s) => s.completed);
  expect(told.map((s) => s.text)).toEqual(segments.filter((s) => s.completed).map((s) => s.text));
  expect(told.every((s) => s.segment_id.startsWith('order:') && s.start < s.end)).toBe(true);
});

test('finals tell when each of their words was said, to Redis and to the client alike; drafts do not', async () => {
  const { socket, frames } = await connect('words');
  await speak(socket, new Float32Array(16_000 * 2));
  await speak(socket, await voice('sb-spk1_snt1.wav'));
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  const segments = (await published('words')).flatMap((m) => (m.type === 'transcription' ? m.segments : []));
  expect(segments.every(({ words, completed }) => (words !== undefined) === completed)).toBe(true);
  const [final] = segments.filter(({ completed }) => completed);
  const { words = [], start = 0, end = 0, text = '' } = final ?? {};
  expect(
    words
      .map((word) => word.text)
      .join('')
      .trim(),
  ).toBe(text);
  // Not where the audio that was decoded began: that is a pre-roll of silence.
  expect(start).toBeGreaterThan(2);
  expect(words[0]?.start).toBe(start);
  expect(words.at(-1)?.end).toBeLessThanOrEqual(end);
  expect(words.every((word, i) => word.start >= (words[i - 1]?.end ?? 0) && word.end >= word.start)).toBe(true);
  expect(frames.flatMap((frame) => frame.segments ?? []).find(({ completed }) => completed)).toMatchObject({ words });
});

test('two speakers at once keep their own words', async () => {
  const [first, second] = await Promise.all([connect('mix-a'), connect('mix-b')]);
  await Promise.all([
    voice('lv-sense-0880.wav').then((audio) => speak(first.socket, audio)),
    voice('sb-spk1_snt1.wav').then((audio) => speak(second.socket, audio)),
  ]);
  for (const { socket } of [first, second]) {
    socket.send('END_OF_AUDIO');
    await once(socket, 'close');
  }
  expect(wordErrorRate('he was not an ill disposed young man', finalText(await published('mix-a'))).wer).toBeLessThan(
    0.3,
  );
  expect(wordErrorRate('the child almost hurt the small dog', finalText(await published('mix-b'))).wer).toBeLessThan(
    0.3,
  );
});

test('a client that vanishes in the middle of a word loses nothing that it said', async () => {
  const { socket } = await connect('vanish');
  await speak(socket, (await voice('sb-spk1_snt1.wav')).slice(0, 16_000 * 2.5));
  socket.terminate();
  const messages = await waitFor('the session to end', async () => {
    const all = await published('vanish');
    return all.at(-1)?.type === 'session_end' ? all : undefined;
  });
  expect(finalText(messages).toLowerCase()).toContain('child');
});

test('wrong frames are named and disturb neither the session nor its words', async () => {
  const { socket, frames } = await connect('wrong');
  const problems = () => frames.filter(({ status }) => status === 'ERROR').map(({ message }) => String(message));
  socket.send(Buffer.from([1, 2, 3]));
  socket.send(Buffer.from(Float32Array.of(Number.NaN).buffer));
  socket.send('not json');
  socket.send('{"type":"dance"}');
  await waitFor('four errors', () => problems().length === 4);
  expect(problems()[0]).toContain('multiple of 4');
  expect(problems()[1]).toContain('float32');
  expect(problems()[2]).toContain('JSON');
  await speak(socket, await voice('sb-spk1_snt1.wav'));
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  expect(finalText(await published('wrong')).toLowerCase()).toContain('small dog');
});

test('a client that only sends nonsense is shown the door', async () => {
  const { socket } = await connect('nonsense');
  for (let i = 0; i < 10; i += 1) socket.send(Buffer.from([1]));
  const [code] = await once(socket, 'close');
  expect(code).toBe(1007);
});

test.each([
  ['a forged token', { token: 'eyJhbGciOiJub25lIn0.e30.' }, 'not valid', 4401],
  ['a token of another meeting', { meeting_id: 8 }, 'another meeting', 4401],
  ['an unknown model', { model_identifier: 'huge' }, 'available: tiny.en', 1008],
  ['an unknown platform', { platform: 'skype' }, 'platform', 1008],
])('%s is refused in words', async (_name, change, words, expected) => {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  socket.send(JSON.stringify({ uid: 'u', token, platform: 'local', meeting_id: meetingId, ...change }));
  const [[message], [code]] = await Promise.all([once(socket, 'message'), once(socket, 'close')]);
  expect(JSON.parse(String(message))).toMatchObject({ status: 'ERROR', message: expect.stringContaining(words) });
  expect(code).toBe(expected);
});

test('a client that does not wait for the answer to its configuration loses no sample', async () => {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const audio = await voice('sb-spk1_snt1.wav');
  // One packet: everything arrives before the server can have answered.
  inOnePacket(socket, () => {
    socket.send(JSON.stringify({ uid: 'eager', token, platform: 'local', meeting_id: meetingId }));
    for (let at = 0; at < audio.length; at += 512) socket.send(Buffer.from(audio.slice(at, at + 512).buffer));
    socket.send('END_OF_AUDIO');
  });
  const [code] = await once(socket, 'close');
  expect(code).toBe(1000);
  const messages = await published('eager');
  expect(messages.at(-1)).toMatchObject({
    type: 'session_end',
    audio_seconds: expect.closeTo(audio.length / 16_000, 2),
  });
  expect(wordErrorRate('the child almost hurt the small dog', finalText(messages)).errors).toBe(0);
});

test('a session of a few samples ends as it should', async () => {
  const { socket } = await connect('short');
  socket.send(Buffer.from(new Float32Array(10).buffer));
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  expect((await published('short')).map(({ type }) => type)).toEqual(['session_start', 'session_end']);
});

test('a frame too large to be read ends its connection and nobody else', async () => {
  const [large, other] = await Promise.all([connect('large'), connect('beside')]);
  large.socket.send(Buffer.alloc(3 * 1024 * 1024));
  const [code] = await once(large.socket, 'close');
  expect(code).toBe(1009);
  other.socket.send('END_OF_AUDIO');
  expect((await once(other.socket, 'close'))[0]).toBe(1000);
});

test('a language the model does not know is named, and what is said is transcribed all the same', async () => {
  const { socket, frames } = await connect('language', { language: 'xx' });
  const problems = () => frames.filter(({ status }) => status === 'ERROR').map(({ message }) => String(message));
  socket.send(JSON.stringify({ type: 'reconfigure', payload: { language: 'yy' } }));
  await waitFor('both errors', () => problems().length === 2);
  expect(problems()[0]).toContain('Unknown language "xx"; known are en');
  expect(problems()[1]).toContain('Unknown language "yy"');
  await speak(socket, await voice('sb-spk1_snt1.wav'));
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  expect(finalText(await published('language'))).toContain('small dog');
});

test('silence is transcribed as nothing', async () => {
  const { socket, frames } = await connect('silence');
  await speak(socket, new Float32Array(16_000 * 4));
  socket.send('END_OF_AUDIO');
  await once(socket, 'close');
  expect(frames.flatMap((frame) => frame.segments ?? [])).toEqual([]);
  expect((await published('silence')).map(({ type }) => type)).toEqual(['session_start', 'session_end']);
});

test('a service that is told to stop publishes what was being said, but leaves it to the client to say it again', async () => {
  const stopped = live.createService();
  const { audio, http } = await stopped.start();
  expect((await fetch(`${http}/health/ready`)).status).toBe(200);
  const { socket, frames } = await connect('stopped', {}, audio);
  const closed = once(socket, 'close');
  await speak(socket, (await voice('sb-spk1_snt1.wav')).slice(0, 16_000 * 2.5));
  await stopped[Symbol.asyncDispose]();
  expect((await closed)[0]).toBe(1012);
  const messages = await published('stopped');
  expect(messages.at(-1)?.type).toBe('session_end');
  expect(finalText(messages).toLowerCase()).toContain('child');
  expect(frames.flatMap((frame) => frame.segments ?? []).some(({ completed }) => completed)).toBe(false);
});

test('a service that drains lets nobody in, lets go who ends, hands over the others, and no word is lost or doubled', {
  timeout: 120_000,
}, async () => {
  const leaving = live.createService({ DRAIN_SECONDS: '4', MAX_STREAMS: '3' });
  await using _ended = { [Symbol.asyncDispose]: () => leaving[Symbol.asyncDispose]() };
  const { audio = '', http = '' } = await leaving.start();
  const states = () =>
    Promise.all(['ready', 'accepting'].map(async (path) => (await fetch(`${http}/health/${path}`)).status));
  const metrics = async () => (await fetch(`${http}/metrics`)).text();
  expect(await states()).toEqual([200, 200]);

  const [ending, silent] = await Promise.all([connect('ending', {}, audio), connect('silent', {}, audio)]);
  await speak(silent.socket, await voice('sb-spk1_snt1.wav'));
  await speak(silent.socket, new Float32Array(16_000));
  const told = () => silent.frames.flatMap(({ segments = [] }) => segments).filter(({ completed }) => completed);
  await waitFor('what the silent one said', () => told().length > 0);
  const manifest = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));
  const voices = speakable(loadVoices(manifest)).filter(({ seconds }) => seconds < 3);
  const speech = planSpeech(voices, { seconds: 5, speaker: 2 });
  const untilSaid = speech.audio.subarray(0, ((speech.utteranceEnds.at(-1) ?? 0) + 0.3) * 16_000);
  const target = { url: audio, config: (uid: string) => ({ uid, token, platform: 'local', meeting_id: meetingId }) };
  const talk = speakThrough(target, 'talking', untilSaid);
  // As many as are allowed: one more would be told to wait, which concerns those who choose between replicas.
  await waitFor('it to be full', async () => String(await states()) === '200,503');

  const handedOver = once(silent.socket, 'close');
  const stopped = leaving[Symbol.asyncDispose]();
  target.url = url;
  const [afterwards, figures, ended] = await Promise.all([states(), metrics(), endOfAudio(ending.socket)]);
  expect(afterwards).toEqual([503, 503]);
  expect(figures).toMatch(/^whisperlive_draining 1$/m);
  expect(ended).toBe(1000);
  await expect(once(new WebSocket(audio), 'open')).rejects.toThrow('ECONNREFUSED');
  expect((await handedOver)[0]).toBe(1012);
  expect(told().map(({ text }) => text)).toEqual(finalTexts(await published('silent')));
  await stopped;
  const heard = await talk;
  expect(heard.connections).toBe(2);
  expect(countLosses(speech, heard.finals)).toEqual({ lost: 0, doubled: 0 });
});
