import { once } from 'node:events';
import { readWav } from '@vexa/meeting-room/participant/read-wav';
import WebSocket from 'ws';

type Json = Record<string, unknown>;

/**
 * The calls of `vexa_client.py` of 2025, with its paths, bodies and reading of answers: an error is a status of 400 or
 * more, told by `detail`.
 */
export class OldApiClient {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  requestBot(platform: string, nativeId: string, more: { bot_name?: string; language?: string; task?: string } = {}) {
    return this.#request('POST', '/bots', { platform, native_meeting_id: nativeId, ...more });
  }

  stopBot(platform: string, nativeId: string) {
    return this.#request('DELETE', `/bots/${platform}/${nativeId}`);
  }

  updateBotConfig(platform: string, nativeId: string, config: { language?: string; task?: string }) {
    return this.#request('PUT', `/bots/${platform}/${nativeId}/config`, config);
  }

  async runningBots() {
    return (await this.#request('GET', '/bots/status')).running_bots as Json[];
  }

  async meetings() {
    return (await this.#request('GET', '/meetings')).meetings as Json[];
  }

  /** There was no route for one meeting: the list was looked through. */
  async meetingById(platform: string, nativeId: string): Promise<Json | undefined> {
    return (await this.meetings()).find((m) => m.platform === platform && m.native_meeting_id === nativeId);
  }

  transcript(platform: string, nativeId: string) {
    return this.#request('GET', `/transcripts/${platform}/${nativeId}`);
  }

  updateMeetingData(platform: string, nativeId: string, data: Json) {
    return this.#request('PATCH', `/meetings/${platform}/${nativeId}`, { data });
  }

  deleteMeeting(platform: string, nativeId: string) {
    return this.#request('DELETE', `/meetings/${platform}/${nativeId}`);
  }

  setWebhookUrl(url: string) {
    return this.#request('PUT', '/user/webhook', { webhook_url: url });
  }

  async #request(method: string, path: string, body?: unknown): Promise<Json> {
    const response = await fetch(this.#url + path, {
      method,
      headers: { 'X-API-Key': this.#key, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Json;
    if (!response.ok) throw new Error(`${response.status}: ${String(answer.detail)}`);
    return answer;
  }
}

const chunkSamples = 4_096;
const sampleRate = 16_000;

export interface LiveSegment {
  start: string;
  end: string;
  text: string;
  completed?: boolean;
}

/**
 * Sends a recording as WhisperLive's client does: options, float32 in chunks of 4096 at the speed of speech, the end of
 * audio; then reads until the server closes. Gives the segments that client keeps: completed ones, each after the one before.
 */
export async function transcribeFile(url: string, options: Json, path: string): Promise<LiveSegment[]> {
  const socket = new WebSocket(url);
  const closed = once(socket, 'close');
  const ready = Promise.withResolvers<void>();
  const kept: LiveSegment[] = [];
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Json;
    if (message.uid !== options.uid) return;
    if (message.status !== undefined) ready.reject(new Error(String(message.message)));
    if (message.message === 'SERVER_READY') ready.resolve();
    for (const segment of (message.segments ?? []) as LiveSegment[]) {
      if (segment.completed && Number(segment.start) >= Number(kept.at(-1)?.end ?? 0)) kept.push(segment);
    }
  });
  socket.on('error', ready.reject);
  await once(socket, 'open');
  socket.send(JSON.stringify(options));
  await ready.promise;
  const samples = Float32Array.from(await readWav(path), (sample) => sample / 32_768);
  for (let at = 0; at < samples.length; at += chunkSamples) {
    socket.send(samples.slice(at, at + chunkSamples));
    await new Promise((resolve) => setTimeout(resolve, (chunkSamples / sampleRate) * 1_000));
  }
  socket.send(Buffer.from('END_OF_AUDIO'));
  await closed;
  return kept;
}
