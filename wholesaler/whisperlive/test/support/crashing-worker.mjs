import { parentPort, workerData } from 'node:worker_threads';

/** How many threads of this run have died; shared by all of them, since each begins anew. */
const deaths = workerData.files.deaths ? new Int32Array(workerData.files.deaths) : new Int32Array(1);

parentPort.on('message', ({ id, job }) => {
  const first = Atomics.load(deaths, 0) === 0;
  if (job.promptText === 'crash' || (job.promptText === 'crash once' && first)) {
    Atomics.add(deaths, 0, 1);
    throw new Error('out of memory');
  }
  parentPort.postMessage({ type: 'result', id, result: { text: 'fine' } });
});
parentPort.postMessage({ type: 'ready', languages: ['en'] });
