import { errorFields, type Logger } from '@vexa/shared/logging';
import { Hono } from 'hono';
import type { Drain } from '../drain.ts';
import { PoolFull } from '../engine/model-pool.ts';
import { ModelError } from '../models/model-error.ts';
import { ApiError, apiErrorResponse } from './api-error.ts';
import { authorize, type Secrets } from './authorize.ts';
import { mountModels, unknownModel } from './models-routes.ts';
import { type FileModel, mountTranscriptions } from './transcriptions-routes.ts';

interface Dependencies {
  secrets: Secrets;
  /** The models offered, the default first. */
  names: readonly string[];
  /** Undefined until the default model is loaded. Loads the model wanted; throws `ModelError` and `PoolFull`. */
  openModel: () => ((wanted: string) => Promise<FileModel>) | undefined;
  logger: Logger;
  drain: Drain;
  stopping: AbortSignal;
  startedAt: Date;
}

const loadingRetrySeconds = 10;
const poolFullRetrySeconds = 60;

/** The part of OpenAI's API that is about speech to text, to be mounted at `/v1`. Errors have OpenAI's form. */
export function createV1App({ secrets, names, openModel, logger, drain, stopping, startedAt }: Dependencies): Hono {
  const app = new Hono();
  const loaded = (): ((wanted: string) => Promise<FileModel>) => {
    const open = openModel();
    if (open) return open;
    throw new ApiError(503, 'model_loading', 'The model is being loaded; try again soon.', {
      retryAfterSeconds: loadingRetrySeconds,
    });
  };
  const take = (): Disposable => {
    if (!drain.begun.aborted) return drain.take();
    throw new ApiError(503, 'stopping', 'This server stops; try again.', { retryAfterSeconds: 1 });
  };
  const open = async (wanted: string): Promise<FileModel> => {
    try {
      return await loaded()(wanted);
    } catch (error) {
      if (error instanceof ModelError && error.problem === 'unknown_model') throw unknownModel(wanted, names);
      if (!(error instanceof PoolFull)) throw error;
      const message = `There is no memory for ${wanted} while other models are in use; try again later.`;
      throw new ApiError(503, 'no_memory', message, { retryAfterSeconds: poolFullRetrySeconds });
    }
  };
  app.use(async (c, next) => {
    await authorize(secrets, c.req.header('authorization'));
    await next();
  });
  mountModels(app, { names, startedAt, ready: loaded });
  mountTranscriptions(app, { open, ready: loaded, take, logger, stopping });
  app.all('*', (c) => {
    throw new ApiError(404, 'unknown_url', `There is no ${c.req.method} ${c.req.path}.`);
  });
  app.onError((error) => {
    if (error instanceof ApiError) return apiErrorResponse(error);
    logger.error(errorFields(error), 'a file was not transcribed');
    return apiErrorResponse(new ApiError(500, 'internal_error', 'Something went wrong on our side.'));
  });
  return app;
}
