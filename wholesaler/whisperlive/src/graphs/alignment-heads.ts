import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Head } from './align-graph.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

const configSchema = z.looseObject({ alignment_heads: z.array(z.tuple([z.int(), z.int()])).nullish() });

/**
 * The decoder's heads that are known to follow the audio, from the `config.json` beside the weights. Throws when it names
 * a head that the model does not have.
 */
export function alignmentHeads(folder: string, dims: WhisperDimensions): readonly Head[] {
  const path = join(folder, 'config.json');
  const measured = existsSync(path)
    ? configSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).alignment_heads
    : undefined;
  if (!measured || measured.length === 0) return laterHeads(dims);
  const missing = measured.find(([layer, head]) => layer >= dims.decoderLayers || head >= dims.heads);
  if (missing) throw new Error(`${path} names alignment head ${missing.join(':')}, which the model does not have`);
  return measured;
}

/** Whisper's own choice when nobody has measured which heads follow the audio: all in the later half of the layers. */
export function laterHeads({ decoderLayers, heads }: WhisperDimensions): Head[] {
  const first = Math.floor(decoderLayers / 2);
  return Array.from({ length: (decoderLayers - first) * heads }, (_, i) => [first + Math.floor(i / heads), i % heads]);
}
