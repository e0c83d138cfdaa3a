import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { largest, observeActivations } from './calibrate.ts';
import { encoderGraph } from './encoder-graph.ts';
import { generateGraph } from './generate-graph.ts';
import { type Subgraph, writeModel } from './graph-builder.ts';
import type { Precision } from './layers.ts';
import { checkWeights, englishVocabulary, openWeights } from './open-weights.ts';
import { SmoothWeights } from './smooth-weights.ts';
import { WeightFile } from './weight-file.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

export interface GraphPrecision {
  encoder: Precision;
  decoder: Precision;
}

/** Raise it with every change of the graphs: stored graphs of another version are not used. */
export const builderVersion = 2;
export const defaultPrecision: GraphPrecision = { encoder: 'i8', decoder: 'i7' };
/** float32 throughout, to compare with. */
export const referencePrecision: GraphPrecision = { encoder: 'f32', decoder: 'f32' };

/** The few feed-forward units of an encoder layer whose activations would leave the others no room in 8 bits. */
const exactUnits = 64;

/** The first vocabulary with a hundredth language, which moves every task token by one. */
const hundredLanguagesVocabulary = 51_866;

export const isMultilingual = (vocabulary: number): boolean => vocabulary > englishVocabulary;

/** Writes `encoder.onnx` and `generate.onnx` with their weights into `outDir`, from the folder of a model's weights. */
export async function buildGraphs(
  weightsDir: string,
  outDir: string,
  precision = defaultPrecision,
): Promise<WhisperDimensions> {
  using file = openWeights(weightsDir);
  const dims = checkWeights(file);
  mkdirSync(outDir, { recursive: true });
  const end = isMultilingual(dims.vocabulary) ? 50_257 : 50_256;
  const noSpeech = end + 105 + (dims.vocabulary >= hundredLanguagesVocabulary ? 1 : 0);
  if (precision.encoder === 'f32') {
    writeGraph(outDir, 'encoder', (weights) => encoderGraph(file, dims, weights, { precision: 'f32' }));
  } else {
    const activations = await observeActivations(file, dims, outDir);
    const options = {
      precision: precision.encoder,
      exactUnits: activations.map(({ hidden }) => largest(hidden, exactUnits)),
    };
    const smooth = new SmoothWeights(file, dims, activations);
    writeGraph(outDir, 'encoder', (weights) => encoderGraph(smooth, dims, weights, options));
  }
  writeGraph(outDir, 'generate', (weights) => generateGraph(file, dims, weights, precision.decoder, { end, noSpeech }));
  return dims;
}

function writeGraph(outDir: string, name: string, build: (weights: WeightFile) => Subgraph): void {
  using weights = new WeightFile(join(outDir, `${name}.weights`));
  writeModel(join(outDir, `${name}.onnx`), build(weights), weights);
}
