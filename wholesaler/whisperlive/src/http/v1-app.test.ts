import { signSessionToken } from '@vexa/shared/auth/session-token';
import { listen } from '@vexa/shared/http/server';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { WaveFile } from 'wavefile';
import { Drain } from '../drain.ts';
import type { TranscribeJob, TranscribeResult } from '../engine/engine.ts';
import { defaultPolicy } from '../streaming/policy.ts';
import { samples } from '../streaming/utterance-detector.ts';
import type { FileModel } from './transcriptions-routes.ts';
import { createV1App } from './v1-app.ts';

const secrets = { sessionToken: 'a-secret-for-tests-only-0123456789', transcriptionApiKey: 'a-key-for-tests-0123' };
const authorization = `Bearer ${secrets.transcriptionApiKey}`;

const heard: TranscribeResult = {
  text: 'words',
  language: 'de',
  languageProbability: 0.9,
  ...{ tokens: [], words: [], compressionRatio: 1, temperature: 0 },
  averageLogprob: -0.2,
  noSpeechProbability: 0.1,
  looped: false,
};

type Decode = (job: TranscribeJob) => Promise<TranscribeResult>;

function open(decode: Decode = async () => heard, more: Partial<Parameters<typeof createV1App>[0]> = {}) {
  const stopping = new AbortController();
  const transcriber: FileModel = {
    ...{ model: 'fake', multilingual: true, languages: ['de', 'en'], policy: defaultPolicy, ffmpeg: 'no-such-ffmpeg' },
    createVoice: () => ({ probability: async (window) => (window[0] === 0 ? 0 : 0.9) }),
    decode,
    [Symbol.dispose]: () => undefined,
  };
  const app = createV1App({
    ...{
      secrets,
      names: ['fake'],
      openModel: () => async () => transcriber,
      logger: createLogger('whisperlive', 'silent'),
    },
    ...{ drain: new Drain(0), stopping: stopping.signal, startedAt: new Date(), ...more },
  });
  const send = (fields: Record<string, string | Blob> = {}, path = 'transcriptions', signal?: AbortSignal) => {
    const body = new FormData();
    for (const [name, value] of Object.entries({ model: 'fake', file: twoUtterances(), ...fields })) {
      body.append(name, value);
    }
    const request = { method: 'POST', headers: { authorization }, body, ...(signal ? { signal } : {}) };
    return Promise.resolve(app.request(`/audio/${path}`, request));
  };
  return { app, send, stopping };
}

function twoUtterances(): Blob {
  const second = (value: number) => new Array<number>(samples(1)).fill(value);
  const file = new WaveFile();
  file.fromScratch(1, 16_000, '16', [...second(9_000), ...second(0), ...second(9_000), ...second(0)]);
  return new Blob([new Uint8Array(file.toBuffer())]);
}

const errorOf = async (response: Response) => ((await response.json()) as { error: unknown }).error;

test('a server that drains finishes the file it has and takes no other', async () => {
  const drain = new Drain(30);
  const decoded = Promise.withResolvers<TranscribeResult>();
  let asked = false;
  const decode = () => {
    asked = true;
    return decoded.promise;
  };
  const { send } = open(decode, { drain });
  const first = send();
  await waitFor('the decode', () => asked);
  const drained = drain.run();
  const refused = await send();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await errorOf(refused)).toMatchObject({ code: 'stopping' });
  decoded.resolve(heard);
  expect((await first).status).toBe(200);
  await drained;
});

test('until the model is loaded every route asks to come back', async () => {
  const { app, send } = open(undefined, { openModel: () => undefined });
  for (const response of [await send(), await app.request('/models', { headers: { authorization } })]) {
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('10');
    expect(await errorOf(response)).toMatchObject({ type: 'server_error', code: 'model_loading' });
  }
});

test('without a key of its own a service says how to set one, and takes session tokens', async () => {
  const { app } = open(undefined, { secrets: { sessionToken: secrets.sessionToken } });
  const refused = await app.request('/models', { headers: { authorization } });
  expect(refused.status).toBe(401);
  expect(await errorOf(refused)).toMatchObject({ message: expect.stringContaining('TRANSCRIPTION_API_KEY') });
  const token = await signSessionToken(secrets.sessionToken, { meeting_id: 1, user_id: 1, connection_id: 'c' });
  expect((await app.request('/models', { headers: { authorization: `bearer ${token}` } })).status).toBe(200);
});

test('the fifth file at once is asked to wait; places are free again after success, failure and departure', async () => {
  let fail = false;
  const gate = Promise.withResolvers<void>();
  const { send } = open(async () => {
    await gate.promise;
    if (fail) throw new Error('no memory');
    return heard;
  });
  const leaving = new AbortController();
  const running = [send(), send(), send({ stream: 'true' }), send({}, 'transcriptions', leaving.signal)];
  leaving.abort();
  const full = await send();
  expect(full.status).toBe(429);
  expect(full.headers.get('retry-after')).toBe('5');
  gate.resolve();
  const [first, second, stream, left] = await Promise.all(running);
  expect([first?.status, second?.status, left?.status]).toEqual([200, 200, 503]);
  await stream?.body?.cancel();
  fail = true;
  const failed = await Promise.all([send(), send(), send(), send()]);
  expect(failed.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
  fail = false;
  const again = await Promise.all([send(), send(), send(), send()]);
  expect(again.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('a translation is asked of the model as one, and is English', async () => {
  const tasks: string[] = [];
  const { send } = open(async ({ task }) => {
    tasks.push(task);
    return heard;
  });
  const response = await send({ response_format: 'verbose_json' }, 'translations');
  expect(await response.json()).toMatchObject({ task: 'translate', language: 'english', text: 'words words' });
  expect(tasks).toEqual(['translate', 'translate']);
});

test('a fault in the middle of a stream is its last event, without the inside of the service', async () => {
  let calls = 0;
  const { send } = open(async () => {
    calls += 1;
    if (calls > 1) throw new Error('a path inside');
    return heard;
  });
  const text = await (await send({ stream: 'true' })).text();
  const events = text.trim().split('\n\n');
  expect(events.length).toBe(2);
  expect(events[0]).toContain('"delta":"words"');
  expect(events[1]).toMatch(/^event: error\ndata: \{"error":\{"message":"Something went wrong on our side."/);
});

test('a service that stops gives up its files with an answer', async () => {
  const { send, stopping } = open(async () => {
    stopping.abort();
    return heard;
  });
  const response = await send();
  expect(response.status).toBe(503);
  expect(await errorOf(response)).toMatchObject({ code: 'interrupted' });
});

test('an upload without a length is stopped when it is too large', async () => {
  const { app } = open();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  const headers = { authorization, 'content-type': 'multipart/form-data; boundary=x' };
  const response = await app.request('/audio/transcriptions', {
    method: 'POST',
    headers,
    body,
    duplex: 'half',
  } as object);
  expect(response.status).toBe(413);
  expect(sent).toBeLessThan(30);
});

test('what a sender waited for is given up when it hangs up', async () => {
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const { app } = open(async () => {
    calls += 1;
    await gate.promise;
    return heard;
  });
  await using http = await listen(app, { port: 0, host: '127.0.0.1' });
  let closed = 0;
  http.server.on('connection', (socket) => socket.on('close', () => (closed += 1)));
  const upload = (signal?: AbortSignal) => {
    const body = new FormData();
    body.append('model', 'fake');
    body.append('file', twoUtterances());
    const headers = { authorization };
    return fetch(`${http.url}/audio/transcriptions`, { method: 'POST', headers, body, ...(signal ? { signal } : {}) });
  };
  const leaving = new AbortController();
  const left = Promise.allSettled([1, 2, 3, 4].map(() => upload(leaving.signal)));
  await waitFor('all of them to be decoded', () => calls === 4);
  leaving.abort();
  await left;
  await waitFor('the server to see them go', () => closed >= 4);
  gate.resolve();
  await waitFor('their places to be free', async () => (await upload()).status === 200);
  expect(calls).toBe(4 + 2); // nobody's second utterance
});

test('names of fields that mean something to JavaScript are only names', async () => {
  const { send } = open();
  expect((await send({ constructor: 'x', ['__proto__']: 'y', 'toString[]': 'z' })).status).toBe(200);
});
