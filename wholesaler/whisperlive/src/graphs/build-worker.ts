import { parentPort, workerData } from 'node:worker_threads';
import { measureAttentionLag } from './attention-lag.ts';
import { buildGraphs } from './build-graphs.ts';
import type { BuildInput, BuiltGraphs } from './build-graphs-in-worker.ts';

const { weightsDir, outDir, precision }: BuildInput = workerData;
const dimensions = await buildGraphs(weightsDir, outDir, precision);
const attentionLag = await measureAttentionLag({ weightsDir, graphsDir: outDir, dimensions });
const built: BuiltGraphs = { dimensions, attentionLag };
parentPort?.postMessage(built);
