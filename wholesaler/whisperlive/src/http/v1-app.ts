import { errorFields, type Logger } from '@vexa/shared/logging';
import { Hono } from 'hono';
import { ApiError, apiErrorResponse } from './api-error.ts';
import { authorize, type Secrets } from './authorize.ts';
import { mountModels } from './models-routes.ts';
import { type FileTranscriber, mountTranscriptions } from './transcriptions-routes.ts';

interface Dependencies {
  secrets: Secrets;
  /** Undefined until the model is loaded. */
  transcriber: () => FileTranscriber | undefined;
  logger: Logger;
  stopping: AbortSignal;
  startedAt: Date;
}

const loadingRetrySeconds = 10;

/** The part of OpenAI's API that is about speech to text, to be mounted at `/v1`. Errors have OpenAI's form. */
export function createV1App({ secrets, transcriber, logger, stopping, startedAt }: Dependencies): Hono {
  const app = new Hono();
  const loaded = (): FileTranscriber => {
    const ready = transcriber();
    if (ready) return ready;
    throw new ApiError(503, 'model_loading', 'The model is being loaded; try again soon.', {
      retryAfterSeconds: loadingRetrySeconds,
    });
  };
  app.use(async (c, next) => {
    await authorize(secrets, c.req.header('authorization'));
    await next();
  });
  mountModels(app, { served: () => loaded().model, startedAt });
  mountTranscriptions(app, { loaded, logger, stopping });
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
