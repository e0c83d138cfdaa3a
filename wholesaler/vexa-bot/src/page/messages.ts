import { z } from 'zod';
import { type Probe, type SignalName, signalNames, type TileReader } from '../recipes/recipe.ts';

/** What the script in the page needs to know; made of the recipe. */
export interface PageSettings {
  /** Name of the function through which the page speaks to us. */
  binding: string;
  sampleRate: number;
  chunkSamples: number;
  scanEveryMs: number;
  signals: Record<SignalName, Probe[]>;
  tiles: TileReader;
  botName: string;
}

export const PersonSeen = z.object({
  id: z.string().max(256),
  name: z.string().max(256),
  self: z.boolean(),
  bot: z.boolean(),
  speaking: z.boolean(),
  /** Captured tracks that an element inside this person's tile plays. */
  tracks: z.array(z.int()),
});
export type PersonSeen = z.infer<typeof PersonSeen>;

/** The page as it is now: sent at every change. */
export const PageView = z.object({
  /** Epoch ms, on the page's clock as that of the audio. */
  at: z.number(),
  /** Names of the probes that match, by signal. */
  signals: z.record(z.enum(signalNames), z.array(z.string())),
  people: z.array(PersonSeen).max(500),
  /** Captured tracks that have not ended. */
  tracks: z.array(z.int()),
});
export type PageView = z.infer<typeof PageView>;

export interface AudioChunk {
  track: number;
  /** Epoch ms of the chunk's end. */
  at: number;
  samples: Int16Array;
}

export type PageMessage =
  | { kind: 'view'; view: PageView }
  | { kind: 'audio'; chunks: AudioChunk[] }
  | { kind: 'trouble'; text: string };

/** Reads `view|json`, `audio|epoch ms|track=base64|track~silent samples…` and `trouble|text`. Undefined for anything else. */
export function parsePageMessage(payload: string): PageMessage | undefined {
  const cut = payload.indexOf('|');
  const rest = payload.slice(cut + 1);
  switch (payload.slice(0, cut)) {
    case 'audio':
      return parseAudio(rest);
    case 'view':
      return { kind: 'view', view: PageView.parse(JSON.parse(rest)) };
    case 'trouble':
      return { kind: 'trouble', text: rest.slice(0, 500) };
    default:
      return undefined;
  }
}

function parseAudio(rest: string): PageMessage {
  const [at, ...pieces] = rest.split('|');
  const chunks = pieces.map((piece) => {
    const [, track, kind, value = ''] = /^(\d+)([=~])(.*)$/.exec(piece) ?? [];
    const samples = kind === '=' ? samplesOf(value) : new Int16Array(Number(value));
    return { track: Number(track), at: Number(at), samples };
  });
  return { kind: 'audio', chunks };
}

function samplesOf(base64: string): Int16Array {
  const bytes = Buffer.from(base64, 'base64');
  // Both ends are on one machine, so their byte order is the same.
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}
