import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { LiveFrame } from '@vexa/shared/contracts/live-frames';
import type { Meeting, MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { type Segment, transcriptChecksum } from '@vexa/shared/contracts/transcript';
import { signWebhook } from '@vexa/shared/webhooks/signature';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Recorded {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

interface Stored {
  meeting: Meeting;
  segments: Segment[];
  deleted: boolean;
}

interface Scripted {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

interface Rule {
  matches: (request: Recorded) => boolean;
  act: (request: Recorded) => Promise<Scripted | 'drop' | undefined>;
}

/** Speaks the wholesaler's public contract over real HTTP, and does what a test tells it to. */
export class StandInWholesaler implements AsyncDisposable {
  readonly requests: Recorded[] = [];
  readonly sockets = new Set<WebSocket>();
  readonly live: { action: string; meetings: { platform: string; native_id: string }[] }[] = [];
  webhook: { webhook_url: string; webhook_secret: string } | undefined;
  /** Keys it takes; undefined takes all. */
  keys: Set<string> | undefined;
  readonly #stored: Stored[] = [];
  readonly #answers = new Map<string, number>();
  readonly #connections = new Set<Socket>();
  #rules: Rule[] = [];
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#handle(request, response));
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    const ws = new WebSocketServer({ server, path: '/ws' });
    ws.on('connection', (socket, request) => {
      this.requests.push({ method: 'WS', path: request.url ?? '', headers: request.headers as never, body: '' });
      if (!this.#knows(request.headers['x-api-key'])) return socket.close(4401);
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('message', (data) => this.#onLive(socket, JSON.parse(String(data))));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Gone without a word; `start` brings it back on the same port with all it knew. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#connections) socket.destroy();
    await once(server, 'close');
  }

  /** Gone until disposed of. */
  async away(): Promise<AsyncDisposable> {
    await this.stop();
    return { [Symbol.asyncDispose]: () => this.start() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Holds matching requests back, before they have an effect, until released. */
  hold(method: string, pathStart: string): { arrived: Promise<void>; release: () => void } {
    const arrived = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const rule: Rule = {
      matches: (request) => request.method === method && request.path.startsWith(pathStart),
      act: async () => {
        arrived.resolve();
        await gate.promise;
        return undefined;
      },
    };
    this.#rules.push(rule);
    const release = () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
      gate.resolve();
    };
    return { arrived: arrived.promise, release };
  }

  answer(method: string, pathStart: string, answer: Scripted | 'drop'): () => void {
    const rule: Rule = {
      matches: (request) => request.method === method && request.path.startsWith(pathStart),
      act: async () => answer,
    };
    this.#rules.push(rule);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== rule);
    };
  }

  count(method: string, pathStart: string): number {
    return this.requests.filter((request) => request.method === method && request.path.startsWith(pathStart)).length;
  }

  latest(nativeId: string): Stored {
    const found = this.#stored.findLast(({ meeting }) => meeting.native_meeting_id === nativeId);
    if (!found) throw new Error(`nothing under ${nativeId}`);
    return found;
  }

  setStatus(nativeId: string, status: MeetingStatus): void {
    const { meeting } = this.latest(nativeId);
    meeting.status = status;
    if (status === 'active') meeting.start_time = new Date().toISOString();
  }

  say(nativeId: string, ...texts: string[]): Segment[] {
    const stored = this.latest(nativeId);
    const said = texts.map((words) =>
      segmentOf(stored.meeting.id, stored.segments.length + texts.indexOf(words), words),
    );
    stored.segments.push(...said);
    return said;
  }

  /** Ends a meeting without announcing it. */
  end(nativeId: string, status: 'completed' | 'failed' = 'completed'): void {
    const { meeting } = this.latest(nativeId);
    meeting.data = { status_transition: [{ from: meeting.status, to: status, reason: 'The meeting ended.' }] };
    meeting.status = status;
    meeting.completion_reason = 'meeting_ended';
    meeting.end_time = new Date().toISOString();
  }

  finishedEvent(nativeId: string): Record<string, unknown> {
    const { meeting, segments } = this.latest(nativeId);
    const data = {
      meeting_id: meeting.id,
      platform: meeting.platform,
      native_meeting_id: nativeId,
      status: meeting.status,
      completion_reason: meeting.completion_reason,
      start_time: meeting.start_time,
      end_time: meeting.end_time,
      segment_count: segments.length,
      checksum: transcriptChecksum(segments),
      audio_seconds: 60,
      incomplete: false,
    };
    const at = new Date().toISOString();
    const type = 'meeting.finished';
    return { type, timestamp: at, data, event_id: randomUUID(), event_type: type, api_version: '1', created_at: at };
  }

  publish(frame: LiveFrame): void {
    for (const socket of this.sockets) socket.send(JSON.stringify(frame));
  }

  #onLive(socket: WebSocket, message: { action: string; meetings: { platform: string; native_id: string }[] }): void {
    this.live.push(message);
    if (message.action === 'subscribe') socket.send(JSON.stringify({ type: 'subscribed', meetings: message.meetings }));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const recorded: Recorded = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers as Record<string, string>,
      body: await text(request),
    };
    this.requests.push(recorded);
    const refused: Scripted | undefined = this.#knows(recorded.headers['x-api-key'])
      ? undefined
      : problem(401, 'unauthorized');
    const answer = refused ?? (await this.#act(recorded)) ?? this.#respond(recorded);
    if (answer === 'drop') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body ?? {}));
  }

  #knows(key: string | string[] | undefined): boolean {
    return this.keys === undefined || this.keys.has(String(key));
  }

  async #act(request: Recorded): ReturnType<Rule['act']> {
    for (const rule of this.#rules) {
      const answer = rule.matches(request) ? await rule.act(request) : undefined;
      if (answer) return answer;
    }
    return undefined;
  }

  #respond(request: Recorded): Scripted {
    const url = new URL(request.path, 'http://wholesaler');
    const [, resource, platform, nativeId] = url.pathname.split('/');
    if (request.method === 'POST' && url.pathname === '/bots') return this.#startBot(request);
    if (request.method === 'PUT' && url.pathname === '/user/webhook') {
      this.webhook = JSON.parse(request.body);
      return { status: 200, body: { ...this.webhook, webhook_events: null, enabled: true } };
    }
    const named = url.searchParams.get('meeting_id');
    const stored = this.#stored.findLast(
      ({ meeting }) =>
        meeting.platform === platform &&
        meeting.native_meeting_id === nativeId &&
        (named === null || meeting.id === Number(named)),
    );
    if (!stored) return problem(404, 'not_found');
    return this.#respondAbout(`${request.method} ${resource}`, stored, url.searchParams.get('since'));
  }

  #respondAbout(what: string, stored: Stored, since: string | null): Scripted {
    const { meeting } = stored;
    switch (what) {
      case 'GET meetings':
        return { status: 200, body: meeting };
      case 'DELETE meetings':
        if (!isTerminal(meeting.status)) return problem(409, 'meeting_not_finalized');
        stored.deleted = true;
        stored.segments = [];
        return { status: 200, body: { message: 'deleted' } };
      case 'DELETE bots':
        if (!isTerminal(meeting.status)) meeting.status = 'stopping';
        return { status: 202, body: { message: 'Stop request accepted and is being processed.' } };
      case 'PUT bots':
        return { status: 202, body: { message: 'Reconfiguration request accepted and sent to the bot.' } };
      case 'GET transcripts':
        return { status: 200, body: transcriptOf(stored, since) };
      default:
        return problem(404, 'not_found');
    }
  }

  #startBot(request: Recorded): Scripted {
    const key = request.headers['idempotency-key'] ?? '';
    const known = this.#stored.find(({ meeting }) => meeting.id === this.#answers.get(key));
    if (known) return { status: 201, body: known.meeting };
    const { platform, native_meeting_id } = JSON.parse(request.body) as Meeting;
    const running = this.#stored.some(
      ({ meeting }) => meeting.native_meeting_id === native_meeting_id && !isTerminal(meeting.status),
    );
    if (running) return problem(409, 'meeting_already_active');
    const now = new Date().toISOString();
    const id = 1_000 + this.#stored.length;
    const meeting: Meeting = {
      id,
      user_id: 1,
      platform,
      native_meeting_id,
      constructed_meeting_url: `https://meet.example/${native_meeting_id}`,
      status: 'requested',
      completion_reason: null,
      failure_stage: null,
      bot_container_id: `vexa-bot-${id}-abcd`,
      start_time: null,
      end_time: null,
      data: {},
      metadata: {},
      created_at: now,
      updated_at: now,
    };
    this.#stored.push({ meeting, segments: [], deleted: false });
    this.#answers.set(key, id);
    return { status: 201, body: meeting };
  }
}

/** The headers and body of an event as the wholesaler sends it. */
export function signed(secret: string, event: unknown, options: { id?: string; timestamp?: Date } = {}) {
  const body = JSON.stringify(event);
  const { id = randomUUID(), timestamp = new Date() } = options;
  return { body, headers: { 'content-type': 'application/json', ...signWebhook([secret], { id, timestamp, body }) } };
}

const problem = (status: number, code: string) => ({ status, body: { status, code, detail: code } });

const start = Date.parse('2026-08-01T09:00:00.000Z');

function segmentOf(meetingId: number, n: number, words: string): Segment {
  const from = n * 2.5;
  return {
    segment_id: `session-${meetingId}:${n}`,
    start: from,
    end: from + 2.123,
    text: words,
    language: 'en',
    speaker: n % 2 ? 'Bob' : 'Alice',
    session_uid: `session-${meetingId}`,
    completed: true,
    created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(),
    absolute_start_time: new Date(start + from * 1000).toISOString(),
    absolute_end_time: new Date(start + (from + 2.123) * 1000).toISOString(),
  };
}

/** Its changes are what was said last; whoever has seen more than there is gets all of it. */
function transcriptOf({ meeting, segments }: Stored, since: string | null) {
  const cursor = `standin${meeting.id}`;
  const seen = since?.startsWith(`${cursor}.`) ? Number(since.slice(cursor.length + 1)) : Number.POSITIVE_INFINITY;
  const changes = seen <= segments.length ? { partial: true, segments: segments.slice(seen) } : { segments };
  return { ...factsOf(meeting), cursor: `${cursor}.${segments.length}`, ...changes };
}

const factsOf = (meeting: Meeting) => ({
  id: meeting.id,
  platform: meeting.platform,
  native_meeting_id: meeting.native_meeting_id,
  constructed_meeting_url: meeting.constructed_meeting_url,
  status: meeting.status,
  start_time: meeting.start_time,
  end_time: meeting.end_time,
  source: isTerminal(meeting.status) ? 'history' : 'live',
  stale_since: null,
});
