import { availableParallelism } from 'node:os';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { Config } from './config.ts';
import { precisionFor } from './engine/device.ts';
import { type Engine, startEngine } from './engine/engine.ts';
import { estimateMemory, usualWorkers } from './engine/model-memory.ts';
import type { Prepared } from './engine/model-pool.ts';
import { ensureModel } from './models/ensure-model.ts';
import { Scheduler, type SchedulerEvents } from './scheduler/scheduler.ts';

/** A model at work: its engine, and the queue before it. */
export interface LiveModel extends AsyncDisposable {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
}

interface Dependencies {
  options: Config['engine'];
  /** Its share of what all models may take. */
  memoryBytes: number;
  events: SchedulerEvents;
  /** Those of the models that are loaded. */
  queues: Set<Scheduler>;
  logger: Logger;
}

/** Puts a model's files in place; loading it starts its workers and lets them decode once. */
export async function prepareModel(
  model: string,
  { options, memoryBytes, events, queues, logger }: Dependencies,
): Promise<Prepared<LiveModel>> {
  const { modelsDir, device, precision } = options;
  const files = await ensureModel(model, {
    ...{ modelsDir, precision: precisionFor(device, precision) },
    onProgress: (step) => logger.info({ model, step }, 'preparing the model'),
  });
  const cores = availableParallelism();
  const workers = options.workers ?? usualWorkers(files, { device, cores, memoryBytes });
  const threads = options.threads ?? Math.max(1, Math.floor(cores / workers));
  return {
    bytes: estimateMemory(files, workers),
    async load() {
      await using starting = new AsyncDisposableStack();
      const engine = starting.use(
        await startEngine(
          { ...options, model, workers, threads },
          {
            onWorkerLost: (error, restartMs) =>
              logger.error({ ...errorFields(error), model, restartMs }, 'the model is loaded anew'),
          },
        ),
      );
      const clip = { audio: new Float32Array(16_000), language: null, task: 'transcribe' } as const;
      await Promise.all(Array.from({ length: workers }, (_, worker) => engine.transcribe(clip, worker))); // warm
      const scheduler = new Scheduler(engine, events);
      queues.add(scheduler);
      starting.defer(() => void queues.delete(scheduler));
      const owned = starting.move();
      logger.info({ model, workers, threads }, 'the model is loaded');
      return {
        engine,
        scheduler,
        async [Symbol.asyncDispose]() {
          await owned.disposeAsync();
          logger.info({ model }, 'the model is unloaded');
        },
      };
    },
  };
}
