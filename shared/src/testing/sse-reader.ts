import { waitFor } from './wait-for.ts';

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
    if (!response.body) throw new Error('a stream without a body');
    this.#reader = response.body.getReader();
  }

  /** Throws unless the answer is 200. */
  static async open(url: string, headers: Record<string, string>): Promise<SseReader> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    const reader = new SseReader(response, abort);
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
