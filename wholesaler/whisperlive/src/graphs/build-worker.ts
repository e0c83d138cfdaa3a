import { parentPort, workerData } from 'node:worker_threads';
import { buildGraphs } from './build-graphs.ts';
import type { BuildInput } from './build-graphs-in-worker.ts';

const { weightsDir, outDir, precision }: BuildInput = workerData;
parentPort?.postMessage(await buildGraphs(weightsDir, outDir, precision));
