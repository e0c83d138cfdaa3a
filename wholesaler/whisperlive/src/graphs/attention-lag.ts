import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { z } from 'zod';
import { alignWith } from '../engine/align-session.ts';
import { encoderFeeds, framesOf, keyBias } from '../engine/encoder-feeds.ts';
import { createLogMel, sampleRate } from '../engine/mel.ts';
import { loadTokenizer, type WhisperTokenizer } from '../engine/tokenizer.ts';
import { windowOf } from '../engine/window.ts';
import { hearWords } from '../engine/word-times.ts';
import { readWav } from '../wav.ts';
import { isMultilingual } from './build-graphs.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

const calibration = new URL('./calibration/', import.meta.url);
const saidSchema = z.object({ text: z.string(), starts: z.array(z.number()), afterPause: z.array(z.int()) });
/** A model whose attention is farther off does not follow the words at all, and is not to be corrected. */
const mostSeconds = 0.3;

export interface LagInput {
  /** Holds `tokenizer.json` and `config.json`. */
  weightsDir: string;
  /** Holds `encoder.onnx` and `align.onnx`. */
  graphsDir: string;
  dimensions: WhisperDimensions;
}

/**
 * By how many seconds the alignment heads turn to a word after it begins (before it, when negative), which is a habit of
 * the model: 0.09 for tiny.en, -0.06 for base. Measured on a recording whose words are known.
 */
export async function measureAttentionLag({ weightsDir, graphsDir, dimensions }: LagInput): Promise<number> {
  const said = saidSchema.parse(JSON.parse(readFileSync(new URL('words.json', calibration), 'utf8')));
  const audio = readWav(readFileSync(new URL('speech.wav', calibration)));
  const files = { tokenizer: join(weightsDir, 'tokenizer.json'), config: join(weightsDir, 'config.json') };
  const tokenizer = loadTokenizer(files, dimensions.vocabulary);
  const window = windowOf(audio.length / sampleRate);
  const features = createLogMel(dimensions.melBins)(audio, framesOf(window));
  const opened: ort.InferenceSession[] = [];
  const open = async (name: string): Promise<ort.InferenceSession> => {
    const path = join(graphsDir, `${name}.onnx`);
    const session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'], logSeverityLevel: 3 });
    opened.push(session);
    return session;
  };
  try {
    const encoder = await open('encoder');
    const { last_hidden_state: states } = await encoder.run(encoderFeeds(features, dimensions.melBins, window));
    if (!(states instanceof ort.Tensor)) throw new TypeError('the encoder gave no hidden states');
    const bias = keyBias(window);
    const align = alignWith(() => open('align'));
    const aligner = {
      multilingual: isMultilingual(dimensions.vocabulary),
      tokenizer,
      align: (hidden: ort.Tensor, input: Parameters<typeof align>[2]) =>
        align(hidden, new ort.Tensor('float32', bias, [1, 1, 1, bias.length]), input),
    };
    const words = said.text.split(' ').map((text) => ({ text: ` ${text}`, tokens: tokensOf(tokenizer, text) }));
    const { heard } = await hearWords(aligner, states, { words, audio, language: 'en', task: 'transcribe' });
    // In a pause attention may turn anywhere.
    const known = [...heard.keys()].filter((i) => !said.afterPause.includes(i));
    return lagOf(known.map((i) => (heard[i]?.start ?? 0) - (said.starts[i] ?? 0)));
  } finally {
    for (const session of opened) await session.release();
  }
}

function lagOf(differences: readonly number[]): number {
  const median = differences.toSorted((a, b) => a - b)[Math.floor(differences.length / 2)] ?? 0;
  return Math.abs(median) > mostSeconds ? 0 : Math.round(median * 1000) / 1000;
}

/** A text in the place of what was said before is the same tokens. */
function tokensOf(tokenizer: WhisperTokenizer, text: string): number[] {
  const { ids, startIndex } = tokenizer.prompt({ language: undefined, task: 'transcribe', promptText: text });
  return ids.slice(1, startIndex);
}
