import { setImmediate as turn } from 'node:timers/promises';
import type { Engine } from '../../src/engine/engine.ts';
import type { Decoder } from '../../src/streaming/drafts.ts';
import { defaultPolicy, type StreamingPolicy } from '../../src/streaming/policy.ts';
import { type HeardSegment, TranscriptionStream } from '../../src/streaming/transcription-stream.ts';
import { type VoiceDetector, vadWindow } from '../../src/vad/silero.ts';

interface Options {
  engine: Pick<Engine, 'transcribe'>;
  voice: VoiceDetector;
  policy?: StreamingPolicy;
  language?: string | null;
}

const step = 1_600;

/**
 * What a stream hears in `audio` on a machine that is never late: each decode is awaited before the next 100 ms arrive.
 * Takes as long as the decodes, not as long as the audio, and gives the same at each run.
 */
export async function hear(
  audio: Float32Array,
  { engine, voice, policy = defaultPolicy, language = null }: Options,
): Promise<HeardSegment[]> {
  const segments: HeardSegment[] = [];
  const errors: unknown[] = [];
  let decoding = 0;
  let windows = 0;
  const decode: Decoder['final'] = async (job) => {
    decoding += 1;
    try {
      return await engine.transcribe(job);
    } finally {
      decoding -= 1;
    }
  };
  const counted: VoiceDetector = {
    probability: async (window) => {
      const probability = await voice.probability(window);
      windows += 1;
      return probability;
    },
  };
  const stream = new TranscriptionStream(
    { language, task: 'transcribe' },
    {
      scheduler: { final: decode, draft: (_key, job) => decode(job), dropDraft: () => {} },
      voice: counted,
      policy,
      onSegment: (segment) => segments.push(segment),
      onError: (error) => errors.push(error),
    },
  );
  for (let at = 0; at < audio.length; at += step) {
    stream.push(audio.slice(at, at + step));
    const analysed = Math.floor(Math.min(at + step, audio.length) / vadWindow);
    do await turn();
    while ((windows < analysed || decoding > 0) && errors.length === 0);
  }
  await stream.finish();
  if (errors.length > 0) throw errors[0];
  return segments;
}

export const finals = (segments: readonly HeardSegment[]): HeardSegment[] =>
  segments.filter(({ completed }) => completed);
