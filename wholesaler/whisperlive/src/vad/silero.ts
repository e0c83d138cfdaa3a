import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Samples the model looks at in one step: 32 ms at 16 kHz. */
export const vadWindow = 512;
// The model wants the end of the window before in front of each window.
const context = 64;
const stateSize = 2 * 128;
/**
 * Peak of a window that nobody could hear (-80 dB). A muted participant sends nothing but this, and the model, which
 * costs 8 ms of processor time per second of audio, would say 0.01 at most.
 */
const inaudible = 1e-4;

/** Gives the probability (0 to 1) that somebody speaks, window by window, for one stream. */
export interface VoiceDetector {
  probability(window: Float32Array): Promise<number>;
}

/** Silero VAD v6 (MIT), as shipped in `@ricky0123/vad-web`. One session serves every stream; the state is per stream. */
export async function loadVoiceDetector(): Promise<{ create(): VoiceDetector } & AsyncDisposable> {
  const bundle = createRequire(import.meta.url).resolve('@ricky0123/vad-web');
  const session = await InferenceSession.create(join(dirname(bundle), 'silero_vad_v6.onnx'), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const sampleRate = new Tensor('int64', BigInt64Array.of(16_000n), []);
  return {
    create() {
      const input = new Float32Array(context + vadWindow);
      let state = new Tensor('float32', new Float32Array(stateSize), [2, 1, 128]);
      return {
        async probability(window) {
          if (window.every((sample) => Math.abs(sample) < inaudible)) {
            input.fill(0);
            return 0;
          }
          input.copyWithin(0, vadWindow);
          input.set(window, context);
          const feeds = { input: new Tensor('float32', input, [1, input.length]), state, sr: sampleRate };
          const { output, stateN } = await session.run(feeds);
          if (!output || !stateN) throw new Error('The voice activity model has other outputs than expected');
          state = stateN as typeof state;
          return Number(output.data[0]);
        },
      };
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
