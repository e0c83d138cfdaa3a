import { parentPort, workerData } from 'node:worker_threads';
import { buildGraphs } from './build-graphs.ts';
import type { BuildInput } from './build-graphs-in-worker.ts';

const { modelBin, outDir }: BuildInput = workerData;
parentPort?.postMessage(buildGraphs(modelBin, outDir));
