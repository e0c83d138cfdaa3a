import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { AudioConfig } from '@vexa/shared/contracts/audio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { speakThrough } from '../src/speak-through.ts';

const rate = 16_000;
const secondsPerSegment = 0.5;

interface Session {
  config: Pick<AudioConfig, 'uid' | 'resumes' | 'start_timestamp'>;
  first: number | undefined;
  samples: number;
}

/** Finishes a segment for each half second of audio, and hangs up or refuses as a test wants. */
class ScriptedServer implements AsyncDisposable {
  readonly sessions: Session[] = [];
  /** Samples after which a session is cut off, by its position. */
  cutAfter: number[] = [];
  refusals = 0;
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  async start(): Promise<string> {
    this.#server.on('connection', (socket) => this.#serve(socket));
    await once(this.#server, 'listening');
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #serve(socket: WebSocket): void {
    let session: Session | undefined;
    let [told, cut] = [0, false];
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    socket.on('message', (data: Buffer, isBinary) => {
      if (!session) {
        const config = JSON.parse(String(data)) as Session['config'];
        if (this.refusals-- > 0) {
          say({ uid: config.uid, status: 'WAIT', message: 1 });
          socket.close(1013);
          return;
        }
        session = { config, first: undefined, samples: 0 };
        this.sessions.push(session);
        say({ uid: config.uid, message: 'SERVER_READY', backend: 'scripted' });
        return;
      }
      if (cut) return;
      if (!isBinary || data.toString() === 'END_OF_AUDIO') return socket.close(1000);
      session.first ??= data.readFloatLE(0);
      session.samples += data.length / 4;
      for (; (told + 1) * secondsPerSegment * rate <= session.samples; told += 1) {
        const [start, end] = [told * secondsPerSegment, (told + 1) * secondsPerSegment];
        const segment = { start, end, text: `part ${told}`, completed: true };
        say({ uid: session.config.uid, segments: [{ ...segment, segment_id: `${session.config.uid}:${told}` }] });
      }
      const draft = { start: told * secondsPerSegment, end: session.samples / rate, text: 'so far', completed: false };
      say({ uid: session.config.uid, segments: [{ ...draft, segment_id: `${session.config.uid}:${told}` }] });
      if (session.samples >= (this.cutAfter[this.sessions.indexOf(session)] ?? Number.POSITIVE_INFINITY)) {
        cut = true;
        socket.terminate();
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Every sample says where it is. */
const ramp = (seconds: number) => Float32Array.from({ length: seconds * rate }, (_, i) => i / 2 ** 20);

describe('somebody who speaks through', () => {
  let server: ScriptedServer;
  let target: { url: string; config: (uid: string) => Record<string, unknown> };
  beforeEach(async () => {
    server = new ScriptedServer();
    target = { url: await server.start(), config: (uid) => ({ uid }) };
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it('goes on from the last final after a lost connection, and neither loses nor doubles anything', async () => {
    server.cutAfter = [1.2 * rate, 0.4 * rate];
    const heard = await speakThrough(target, 'ann', ramp(3));
    expect(heard.finals.map(({ start, end }) => [start, end])).toEqual(
      Array.from({ length: 6 }, (_, i) => [i * secondsPerSegment, (i + 1) * secondsPerSegment]),
    );
    expect(heard.connections).toBe(3);
    // How much came through before each cut is the network's doing: what counts is that all goes on from there.
    let base = 0;
    const began = (session: Session) => Date.parse(session.config.start_timestamp ?? '');
    for (const [before, after] of [server.sessions.slice(0, 2), server.sessions.slice(1, 3)] as [Session, Session][]) {
      const { uid, from_seconds: from } = after.config.resumes!;
      expect(uid).toBe(before.config.uid);
      expect(after.first).toBe(((base + from) * rate) / 2 ** 20);
      expect(began(after) - began(before)).toBe(from * 1000);
      base += from;
    }
  });

  it('asks again where it was refused', async () => {
    server.refusals = 1;
    const heard = await speakThrough(target, 'ben', ramp(1));
    expect(heard.finals).toHaveLength(2);
    expect(heard.connections).toBe(1);
  });
});
