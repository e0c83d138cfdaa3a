import type { Meeting } from '../contracts/meeting.ts';
import type { Transcript } from '../contracts/transcript.ts';

export interface Answer<T> {
  status: number;
  body: T;
}

const timeoutMs = 20_000;

/** A user's view of either product: the public API with one key. */
export class ApiClient {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  startBot(nativeId: string, more: Record<string, unknown> = {}): Promise<Answer<Meeting>> {
    return this.call('POST', '/bots', { platform: 'local', native_meeting_id: nativeId, ...more });
  }

  stopBot(nativeId: string): Promise<Answer<{ message: string }>> {
    return this.call('DELETE', `/bots/local/${nativeId}`);
  }

  meeting(nativeId: string): Promise<Answer<Meeting>> {
    return this.call('GET', `/meetings/local/${nativeId}`);
  }

  transcript(nativeId: string): Promise<Answer<Transcript>> {
    return this.call('GET', `/transcripts/local/${nativeId}`);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'x-api-key': this.key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
}
