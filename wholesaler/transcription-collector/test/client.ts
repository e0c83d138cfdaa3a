import { ProblemBody } from '@vexa/shared/http/problem';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect } from 'vitest';
import { identityOf } from './harness.ts';

export interface Asked {
  userId?: number;
  scopes?: ('tx' | 'bot' | '*')[];
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Asks as the gateway would for this user. */
export async function ask(url: string, { userId = 1, scopes = ['tx'], method = 'GET', body, headers }: Asked = {}) {
  return fetch(url, {
    method,
    headers: {
      'x-vexa-identity': await identityOf(userId, scopes),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Expects a refusal in the one shape of errors. */
export async function refusal(response: Response, status: number): Promise<ProblemBody> {
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.stringContaining('"code"')]);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return ProblemBody.parse(JSON.parse(text));
}

/** Expects that the route wants an identity with the scope `tx`, and shows nobody else's meeting. */
export async function expectGuarded(url: string, asked: Asked = {}): Promise<void> {
  await refusal(await fetch(url, { method: asked.method ?? 'GET' }), 401);
  await refusal(await ask(url, { ...asked, scopes: ['bot'] }), 403);
}

export interface SseEvent {
  event: string;
  id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: events are looked into by expectations
  data: any;
}

/** A reader of server-sent events that keeps what it was told. */
export class SseReader implements AsyncDisposable {
  readonly events: SseEvent[] = [];
  ended: 'closed' | 'broken' | undefined;
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#reader = response.body!.getReader();
  }

  static async open(url: string, asked: Asked = {}): Promise<SseReader> {
    const abort = new AbortController();
    const headers = { 'x-vexa-identity': await identityOf(asked.userId ?? 1, ['tx']), ...asked.headers };
    const reader = new SseReader(await fetch(url, { headers, signal: abort.signal }), abort);
    expect(reader.response.status).toBe(200);
    void reader.#read();
    return reader;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        const blocks = (text + decoder.decode(value, { stream: true })).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
      this.ended = 'closed';
    } catch {
      this.ended = 'broken';
    }
  }

  #take(block: string): void {
    const fields = block
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
    const of = (name: string) => fields.find(([field]) => field === name)?.[1];
    const event = of('event');
    if (event) this.events.push({ event, id: of('id'), data: JSON.parse(of('data') ?? 'null') });
  }

  /** Waits for an event that fits. */
  next(what: string, fits: (event: SseEvent) => boolean): Promise<SseEvent> {
    return waitFor(`${what} (had ${JSON.stringify(this.events).slice(0, 500)})`, () => this.events.find(fits));
  }

  /** Text of each segment after all events, as a client would hold it. */
  texts(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const { event, data } of this.events) {
      if (event === 'snapshot') for (const id of Object.keys(texts)) delete texts[id];
      for (const { segment_id, text } of data.segments ?? []) {
        if (text === '') delete texts[segment_id];
        else texts[segment_id] = text;
      }
    }
    return texts;
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
  }
}
