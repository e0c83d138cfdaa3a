import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ id, job }) => {
  if (job.promptText === 'crash') throw new Error('out of memory');
  parentPort.postMessage({ type: 'result', id, result: { text: 'fine' } });
});
parentPort.postMessage({ type: 'ready' });
