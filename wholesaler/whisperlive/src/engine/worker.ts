import { parentPort, workerData } from 'node:worker_threads';
import { decodeClip } from './decode.ts';
import type { FromWorker, ToWorker, WorkerInput } from './messages.ts';
import { loadWhisper } from './whisper-sessions.ts';

const port = parentPort;
if (!port) throw new Error('this file runs as a worker thread');
const send = (message: FromWorker): void => port.postMessage(message);

const input: WorkerInput = workerData;
const model = await loadWhisper(input.files, input.compute, {
  onBatch: (rows) => send({ type: 'batch', rows }),
});

// Jobs run side by side: the model lets their calls take turns, and decodes those that wait together as one batch.
port.on('message', (message: ToWorker) => void transcribe(message));
send({ type: 'ready', languages: model.multilingual ? [...model.tokenizer.languages.keys()] : ['en'] });

async function transcribe({ id, job }: ToWorker): Promise<void> {
  try {
    send({ type: 'result', id, result: await decodeClip(model, job) });
  } catch (error) {
    send({ type: 'failed', id, error: error instanceof Error ? error : new Error(String(error)) });
  }
}
