import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { alignGraph } from './align-graph.ts';
import { alignmentHeads } from './alignment-heads.ts';
import { largest, observeActivations } from './calibrate.ts';
import { encoderGraph } from './encoder-graph.ts';
import { generateGraph } from './generate-graph.ts';
import { type Subgraph, writeModel } from './graph-builder.ts';
import { checkWeights, englishVocabulary, openWeights } from './open-weights.ts';
import { defaultPrecision, storages, type WhisperPrecision } from './precision.ts';
import { SmoothWeights } from './smooth-weights.ts';
import { WeightFile } from './weight-file.ts';
import type { WhisperDimensions } from './whisper-weights.ts';

/** Raise it with every change of the graphs: stored graphs of another version are not used. */
export const builderVersion = 5;

/** The few feed-forward units of an encoder layer whose activations would leave the others no room in 8 bits. */
const exactUnits = 64;

/** The first vocabulary with a hundredth language, which moves every task token by one. */
const hundredLanguagesVocabulary = 51_866;

export const isMultilingual = (vocabulary: number): boolean => vocabulary > englishVocabulary;

/**
 * Writes `encoder.onnx`, `generate.onnx` and `align.onnx` with their weights (the last two share theirs) into `outDir`, from
 * the folder of a model's weights.
 */
export async function buildGraphs(
  weightsDir: string,
  outDir: string,
  precision: WhisperPrecision = defaultPrecision,
): Promise<WhisperDimensions> {
  using file = openWeights(weightsDir);
  const dims = checkWeights(file);
  mkdirSync(outDir, { recursive: true });
  const end = isMultilingual(dims.vocabulary) ? 50_257 : 50_256;
  const noSpeech = end + 105 + (dims.vocabulary >= hundredLanguagesVocabulary ? 1 : 0);
  const { encoder, decoder, floats } = storages[precision];
  const weightFile = (name: string): WeightFile => new WeightFile(join(outDir, `${name}.weights`), floats);
  if (encoder === 'float') {
    writeGraphs(outDir, weightFile('encoder'), {
      encoder: (weights) => encoderGraph(file, dims, weights, { precision: encoder }),
    });
  } else {
    const activations = await observeActivations(file, dims, outDir);
    const options = {
      precision: encoder,
      exactUnits: activations.map(({ hidden }) => largest(hidden, exactUnits)),
    };
    const smooth = new SmoothWeights(file, dims, activations);
    writeGraphs(outDir, weightFile('encoder'), { encoder: (weights) => encoderGraph(smooth, dims, weights, options) });
  }
  const heads = alignmentHeads(weightsDir, dims);
  writeGraphs(outDir, weightFile('generate'), {
    generate: (weights) => generateGraph(file, dims, weights, decoder, { end, noSpeech }),
    align: (weights) => alignGraph(file, dims, weights, { precision: decoder, heads, end }),
  });
  return dims;
}

/** Graphs that share a file of weights hold each tensor once, by its name. */
function writeGraphs(
  outDir: string,
  weightFile: WeightFile,
  graphs: Record<string, (weights: WeightFile) => Subgraph>,
): void {
  using weights = weightFile;
  for (const [name, build] of Object.entries(graphs)) {
    writeModel(join(outDir, `${name}.onnx`), build(weights), weights);
  }
}
