import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encoderGraph } from './encoder-graph.ts';
import { generateGraph } from './generate-graph.ts';
import { type Subgraph, writeModel } from './graph-builder.ts';
import type { Precision } from './layers.ts';
import { checkWeights, englishVocabulary, openWeights } from './open-weights.ts';
import { WeightFile } from './weight-file.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

export interface GraphPrecision {
  encoder: Precision;
  decoder: Precision;
}

/** Raise it with every change of the graphs: stored graphs of another version are not used. */
export const builderVersion = 1;
export const defaultPrecision: GraphPrecision = { encoder: 'f32', decoder: 'i7' };

/** The first vocabulary with a hundredth language, which moves every task token by one. */
const hundredLanguagesVocabulary = 51_866;

export const isMultilingual = (vocabulary: number): boolean => vocabulary > englishVocabulary;

/** Writes `encoder.onnx` and `generate.onnx` with their weights into `outDir`, from the folder of a model's weights. */
export function buildGraphs(weightsDir: string, outDir: string, precision = defaultPrecision): WhisperDimensions {
  using file = openWeights(weightsDir);
  const dims = checkWeights(file);
  mkdirSync(outDir, { recursive: true });
  const end = isMultilingual(dims.vocabulary) ? 50_257 : 50_256;
  const noSpeech = end + 105 + (dims.vocabulary >= hundredLanguagesVocabulary ? 1 : 0);
  writeGraph(outDir, 'encoder', (weights) => encoderGraph(file, dims, weights, precision.encoder));
  writeGraph(outDir, 'generate', (weights) => generateGraph(file, dims, weights, precision.decoder, { end, noSpeech }));
  return dims;
}

function writeGraph(outDir: string, name: string, build: (weights: WeightFile) => Subgraph): void {
  using weights = new WeightFile(join(outDir, `${name}.weights`));
  writeModel(join(outDir, `${name}.onnx`), build(weights), weights);
}
