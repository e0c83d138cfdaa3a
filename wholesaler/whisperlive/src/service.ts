import { createApp } from '@vexa/shared/http/app';
import { mountHealth } from '@vexa/shared/http/health';
import { listen } from '@vexa/shared/http/server';
import type { Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import type { Service } from '@vexa/shared/service';
import { serveAudioConnection } from './audio-socket/audio-connection.ts';
import { startAudioServer } from './audio-socket/audio-server.ts';
import { AudioSession } from './audio-socket/audio-session.ts';
import type { Config } from './config.ts';
import { type Engine, startEngine } from './engine/engine.ts';
import { ensureModel } from './models/ensure-model.ts';
import { createStreamPublisher } from './publish/stream-publisher.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { loadVoiceDetector } from './vad/silero.ts';

const fullRetryMinutes = 1;

/** The transcription service: audio sockets in, messages on Redis out, one engine between. */
export function createService(config: Config, { logger }: { logger: Logger }): Service {
  const owned = new AsyncDisposableStack();
  const stopping = new AbortController();
  return {
    async start() {
      const redis = connectRedis(config.redisUrl, logger);
      owned.defer(() => redis.disconnect());
      const engine = owned.use(await loadEngine(config, logger));
      const voices = owned.use(await loadVoiceDetector());
      const scheduler = new Scheduler(engine);
      const publisher = createStreamPublisher(redis, logger, stopping.signal);

      const app = createApp(logger);
      mountHealth(app, { redis: () => redis.ping() });
      const http = owned.use(await listen(app, { port: config.healthPort, host: config.host }));
      let streams = 0;
      const audio = await startAudioServer({
        host: config.host,
        port: config.port,
        logger,
        async serve(socket) {
          streams += 1;
          try {
            await serveAudioConnection(
              socket,
              {
                sessionTokenSecret: config.secrets.sessionToken,
                model: engine.model,
                logger,
                admission: () => (streams > config.maxStreams ? fullRetryMinutes : undefined),
                createSession: (identity, send) =>
                  new AudioSession(identity, {
                    model: engine.model,
                    scheduler,
                    voice: voices.create(),
                    policy: config.policy,
                    publisher,
                    logger,
                    now: () => new Date(),
                    send,
                  }),
              },
              stopping.signal,
            );
          } finally {
            streams -= 1;
          }
        },
      });
      owned.use(audio);
      return { audio: audio.url, http: http.url };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await owned.disposeAsync();
    },
  };
}

async function loadEngine({ engine }: Config, logger: Logger): Promise<Engine> {
  await ensureModel(engine.model, {
    modelsDir: engine.modelsDir,
    onProgress: (step: unknown) => logger.info({ model: engine.model, step }, 'preparing the model'),
  });
  const started = await startEngine(engine);
  await started.transcribe({ audio: new Float32Array(16_000), language: null, task: 'transcribe' }); // warm
  return started;
}
