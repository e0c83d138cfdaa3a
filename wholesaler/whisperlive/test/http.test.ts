import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { type LocalRedis, startRedis } from '@vexa/shared/local/redis';
import { createLogger } from '@vexa/shared/logging';
import type { Service } from '@vexa/shared/service';
import { wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configFromEnv } from '../src/config.ts';
import { createService } from '../src/service.ts';
import { jfk, longRecording, voicesDir } from './support/recordings.ts';

const sessionSecret = 'a-secret-for-tests-only-0123456789';
const apiKey = 'a-key-for-tests-only-0123456789';
const jfkPath = join(voicesDir, 'jfk.wav');
const quilter = 'Mr Quilter is the apostle of the middle classes and we are glad to welcome his gospel';

let redis: LocalRedis;
let service: Service;
let url: string;
let openai: OpenAI;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vexa-http-test-'));
  redis = await startRedis();
  const started = await start({});
  service = started.service;
  url = started.url;
  openai = client(apiKey);
}, 180_000);

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

async function start(env: Record<string, string>): Promise<{ service: Service; url: string }> {
  const config = configFromEnv({
    ...{ ...process.env, PORT: '0', HEALTH_PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent', REDIS_URL: redis.url },
    ...{ SESSION_TOKEN_SECRET: sessionSecret, TRANSCRIPTION_API_KEY: apiKey, WHISPER_MODEL: 'tiny.en', ...env },
  });
  const service = createService(config, { logger: createLogger('whisperlive', 'silent') });
  return { service, url: (await service.start()).http ?? '' };
}

const client = (key: string, to = url) => new OpenAI({ apiKey: key, baseURL: `${to}/v1`, maxRetries: 0 });
const jfkFile = async () => toFile(await readFile(jfkPath), 'jfk.wav');

/** What the API answers to a form that has to be refused. */
async function refused(fields: Record<string, string | Blob>, path = 'transcriptions', key: string | null = apiKey) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${url}/v1/audio/${path}`, { method: 'POST', headers, body });
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return { status: response.status, ...error };
}

const wav = async () => new Blob([await readFile(jfkPath)]);

test("OpenAI's client gets text as json and as plain text", async () => {
  const json = await openai.audio.transcriptions.create({ model: 'tiny.en', file: await jfkFile() });
  expect(wordErrorRate(jfk, json.text).errors).toBeLessThanOrEqual(2);
  const options = { model: 'whisper-1', language: 'en', temperature: 0, prompt: 'Kennedy' };
  const text: string = await openai.audio.transcriptions.create({
    ...options,
    file: await jfkFile(),
    response_format: 'text',
  });
  expect(text).toMatch(/country\.?\n$/);
});

test("OpenAI's client gets subtitles", async () => {
  const file = { model: 'whisper-1', file: await jfkFile() };
  const srt = await openai.audio.transcriptions.create({ ...file, response_format: 'srt' });
  expect(srt).toMatch(/^1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\nAnd so/);
  const lines = srt.split('\n').filter((line) => /[a-z]/i.test(line));
  expect(lines.length).toBeGreaterThan(2);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(42);
  expect(wordErrorRate(jfk, lines.join(' ')).errors).toBeLessThanOrEqual(2);
  const vtt = await openai.audio.transcriptions.create({ ...file, response_format: 'vtt' });
  expect(vtt).toMatch(/^WEBVTT\n\n00:00:0\d\.\d{3} --> 00:00:\d\d\.\d{3}\nAnd so/);
});

test("OpenAI's client gets segments with their times and figures", async () => {
  const verbose = await openai.audio.transcriptions.create({
    ...{ model: 'tiny.en', file: await jfkFile(), response_format: 'verbose_json' },
    timestamp_granularities: ['segment'],
  });
  expect(verbose).toMatchObject({ language: 'english', duration: 11 });
  const { segments = [] } = verbose;
  expect(segments.map(({ text }) => text).join(' ')).toBe(verbose.text);
  for (const [i, segment] of segments.entries()) {
    expect(segment.id).toBe(i);
    expect(segment.start).toBeGreaterThanOrEqual(segments[i - 1]?.start ?? 0);
    expect(segment.end).toBeGreaterThan(segment.start);
    expect(segment.end).toBeLessThanOrEqual(11);
    expect(segment.avg_logprob).toBeGreaterThan(-1);
    expect(segment.no_speech_prob).toBeLessThan(0.6);
  }
});

test("OpenAI's client gets the times of words, with and without segments", async () => {
  const request = { model: 'tiny.en', file: await jfkFile(), response_format: 'verbose_json' as const };
  const verbose = await openai.audio.transcriptions.create({ ...request, timestamp_granularities: ['word'] });
  const { words = [] } = verbose;
  expect(verbose.segments).toBeUndefined();
  expect(wordErrorRate(verbose.text, words.map(({ word }) => word).join(' ')).errors).toBe(0);
  for (const [i, { word, start, end }] of words.entries()) {
    expect(word).toMatch(/^[\w'-]+$/);
    expect(start).toBeGreaterThanOrEqual(words[i - 1]?.end ?? 0);
    expect(end).toBeGreaterThanOrEqual(start);
    expect(end).toBeLessThanOrEqual(11);
  }
  // Before "ask not" he pauses for a second; "country" is said at six seconds, and again at the end.
  const starts = words.filter(({ word }) => word.toLowerCase() === 'country').map(({ start }) => start);
  expect(starts).toEqual([expect.closeTo(6, 0), expect.closeTo(10, 0)]);
  const both = await openai.audio.transcriptions.create({ ...request, timestamp_granularities: ['word', 'segment'] });
  expect(both.words).toEqual(words);
  expect(both.segments?.[0]?.start).toBe(words[0]?.start);
});

test("OpenAI's client gets a stream whose deltas make the whole text", async () => {
  const stream = await openai.audio.transcriptions.create({ model: 'tiny.en', file: await jfkFile(), stream: true });
  let deltas = '';
  let done: string | undefined;
  for await (const event of stream) {
    if (event.type === 'transcript.text.delta') deltas += event.delta;
    if (event.type === 'transcript.text.done') done = event.text;
  }
  expect(done).toBe(deltas);
  expect(wordErrorRate(jfk, deltas).errors).toBeLessThanOrEqual(2);
});

test('models are listed and described', async () => {
  const names: string[] = [];
  for await (const model of openai.models.list()) names.push(model.id);
  expect(names).toEqual(['tiny.en', 'whisper-1']);
  expect(await openai.models.retrieve('tiny.en')).toMatchObject({ object: 'model', owned_by: 'vexa' });
  await expect(openai.models.retrieve('huge')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
});

test.each([
  ['mp3', ['-b:a', '64k']],
  ['ogg', ['-c:a', 'libvorbis']],
  ['webm', ['-c:a', 'libopus']],
  ['m4a', ['-c:a', 'aac']],
  ['flac', []],
  ['wav', ['-ar', '44100', '-ac', '2']],
  ['aac', []],
])('%s is understood, whatever its name says', async (extension, options) => {
  const path = join(dir, `speech.${extension}`);
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-i', join(voicesDir, 'pv-en.wav'), ...options, path]);
  const { text } = await openai.audio.transcriptions.create({
    model: 'whisper-1',
    file: await toFile(await readFile(path), 'recording.bin'),
  });
  expect(wordErrorRate(quilter, text).errors).toBeLessThanOrEqual(2);
});

test('half a minute of several voices is transcribed with the right words at the right times', {
  timeout: 120_000,
}, async () => {
  const { bytes, reference, seconds } = longRecording(30);
  const verbose = await openai.audio.transcriptions.create({
    ...{ model: 'tiny.en', file: await toFile(bytes, 'long.wav'), response_format: 'verbose_json' },
  });
  expect(verbose.duration).toBeCloseTo(seconds, 2);
  expect(wordErrorRate(reference, verbose.text).wer).toBeLessThanOrEqual(0.1);
  const { segments = [] } = verbose;
  expect(segments.length).toBeGreaterThan(2);
  expect(segments.every(({ start }, i) => i === 0 || start >= (segments[i - 1]?.end ?? 0))).toBe(true);
});

test('silence is an empty text', async () => {
  const header = (await readFile(jfkPath)).subarray(0, 44);
  const file = await toFile(Buffer.concat([header, Buffer.alloc(2 * 16_000 * 3)]), 'silence.wav');
  expect((await openai.audio.transcriptions.create({ model: 'tiny.en', file })).text).toBe('');
});

test('a session token opens the routes, another key does not', async () => {
  const token = await signSessionToken(sessionSecret, { meeting_id: 1, user_id: 1, connection_id: 'c' });
  expect((await client(token).models.list()).data.length).toBe(2);
  await expect(client('wrong').models.list()).rejects.toThrow(/^401 The API key is not valid/);
  expect(await refused({}, 'transcriptions', null)).toMatchObject({
    ...{ status: 401, type: 'authentication_error', code: 'missing_api_key', param: null },
    message: expect.stringContaining('Authorization: Bearer'),
  });
});

test.each<[string, () => Promise<Record<string, string | Blob>>, object]>([
  ['no file', async () => ({ model: 'tiny.en' }), { status: 400, param: 'file' }],
  ['no model', async () => ({ file: await wav() }), { status: 400, param: 'model', message: 'model is required.' }],
  ['an unknown model', async () => ({ file: await wav(), model: 'huge' }), { status: 404, code: 'model_not_found' }],
  [
    'an empty file',
    async () => ({ file: new Blob([]), model: 'tiny.en' }),
    { status: 400, code: 'empty_file', param: 'file', message: 'The file is empty.' },
  ],
  [
    'a file of another kind',
    async () => ({ file: new Blob(['#EXTM3U\nhttp://localhost/x.mp3']), model: 'tiny.en' }),
    { status: 400, code: 'unsupported_format', message: expect.stringContaining('wav, mp3, ogg') },
  ],
  [
    'a broken file',
    async () => ({ file: new Blob(['fLaC and nothing that makes sense']), model: 'tiny.en' }),
    { status: 400, code: 'invalid_file', message: expect.not.stringContaining('vexa-audio') },
  ],
  [
    'a WAV file without samples',
    async () => ({ file: (await wav()).slice(0, 44), model: 'tiny.en' }),
    { status: 400, code: 'empty_file', message: 'The file holds no audio.' },
  ],
  [
    'an unknown format of the answer',
    async () => ({ file: await wav(), model: 'tiny.en', response_format: 'xml' }),
    { status: 400, param: 'response_format', message: expect.stringContaining('verbose_json') },
  ],
  [
    'word times in a format without them',
    async () => ({ file: await wav(), model: 'tiny.en', 'timestamp_granularities[]': 'word' }),
    { status: 400, param: 'timestamp_granularities', message: expect.stringContaining('verbose_json') },
  ],
  [
    'a granularity that is none',
    async () => ({
      ...{ file: await wav(), model: 'tiny.en' },
      ...{ response_format: 'verbose_json', 'timestamp_granularities[]': 'letter' },
    }),
    { status: 400, param: 'timestamp_granularities' },
  ],
  [
    'a temperature out of range',
    async () => ({ file: await wav(), model: 'tiny.en', temperature: '3' }),
    { status: 400, param: 'temperature' },
  ],
  [
    'an unknown language',
    async () => ({ file: await wav(), model: 'tiny.en', language: 'xx' }),
    { status: 400, param: 'language', message: 'Unknown language "xx"; known are en.' },
  ],
  [
    'a stream of subtitles',
    async () => ({ file: await wav(), model: 'tiny.en', response_format: 'srt', stream: 'true' }),
    { status: 400, param: 'stream' },
  ],
])('%s is refused with a clear error', async (_name, fields, expected) => {
  expect(await refused(await fields())).toMatchObject({ type: 'invalid_request_error', ...expected });
});

test('a model of English only refuses to translate', async () => {
  expect(await refused({ file: await wav(), model: 'tiny.en' }, 'translations')).toMatchObject({
    ...{ status: 400, param: 'model', message: expect.stringContaining('cannot translate') },
  });
});

test('a file over 25 MiB is refused', async () => {
  const file = new Blob([new Uint8Array(26 * 1024 * 1024)]);
  expect(await refused({ file, model: 'tiny.en' })).toMatchObject({
    ...{ status: 413, code: 'file_too_large', message: 'The file is over 25 MiB.' },
  });
});

test('a body that is no form, and a path that does not exist, are refused', async () => {
  const headers = { authorization: `Bearer ${apiKey}` };
  const post = (path: string, type: string) =>
    fetch(`${url}/v1/${path}`, { method: 'POST', headers: { ...headers, 'content-type': type }, body: 'x' });
  expect((await post('audio/transcriptions', 'application/json')).status).toBe(415);
  expect((await post('audio/transcriptions', 'multipart/form-data; boundary=y')).status).toBe(400);
  expect((await post('audio/speech', 'application/json')).status).toBe(404);
});

test('without ffmpeg the answer says how to install it, and plain WAV still works', async () => {
  const other = await start({ FFMPEG_PATH: join(dir, 'no-such-ffmpeg') });
  try {
    const api = client(apiKey, other.url);
    const flac = await toFile(Buffer.from('fLaC…'), 'a.flac');
    await expect(api.audio.transcriptions.create({ model: 'tiny.en', file: flac })).rejects.toThrow(
      /^415 .*apt-get install ffmpeg/,
    );
    const { text } = await api.audio.transcriptions.create({ model: 'tiny.en', file: await jfkFile() });
    expect(text).toContain('country');
  } finally {
    await other.service[Symbol.asyncDispose]();
  }
});

test('a reader who leaves a stream gives its place to others', { timeout: 120_000 }, async () => {
  const { bytes } = longRecording(20);
  // More readers than files are decoded at once.
  for (let i = 0; i < 5; i += 1) {
    const file = await toFile(bytes, 'long.wav');
    const stream = await openai.audio.transcriptions.create({ model: 'tiny.en', file, stream: true });
    for await (const event of stream) {
      expect(event.type).toBe('transcript.text.delta');
      break;
    }
  }
  const { text } = await openai.audio.transcriptions.create({ model: 'tiny.en', file: await jfkFile() });
  expect(text).toContain('country');
});

test('metrics show what was decoded', async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/^whisperlive_decode_seconds_count\{kind="file"\} [1-9]/m);
  expect(text).toMatch(/^whisperlive_real_time_factor_count\{kind="file"\} [1-9]/m);
  expect(text).toMatch(/^whisperlive_queue_seconds_bucket/m);
  for (const name of ['streams', 'drafts_shed_total', 'finals_total', 'waiting_messages']) {
    expect(text).toMatch(new RegExp(`^whisperlive_${name} 0$`, 'm'));
  }
  expect(text).toContain('whisperlive_waiting_jobs{kind="final"} 0');
});
