import { listen } from '@vexa/shared/http/server';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import type { Service } from '@vexa/shared/service';
import { serveAudioConnection } from './audio-socket/audio-connection.ts';
import { startAudioServer } from './audio-socket/audio-server.ts';
import { AudioSession, type SendFrame, type SessionIdentity } from './audio-socket/audio-session.ts';
import type { Config } from './config.ts';
import { precisionFor } from './engine/device.ts';
import { type Engine, startEngine } from './engine/engine.ts';
import { createHttpApp } from './http/http-app.ts';
import type { FileTranscriber } from './http/transcriptions-routes.ts';
import { createMetrics } from './metrics/metrics.ts';
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
      let engine: Engine | undefined;
      let transcriber: FileTranscriber | undefined;
      const metrics = createMetrics();
      const app = createHttpApp({
        checks: { redis: () => redis.ping(), model: () => mustBeWarm(engine) },
        metrics: metrics.registry,
        v1: {
          secrets: config.secrets,
          transcriber: () => transcriber,
          stopping: stopping.signal,
          startedAt: new Date(),
        },
        logger,
      });
      const http = owned.use(await listen(app, { port: config.healthPort, host: config.host }));
      engine = owned.use(await loadEngine(config, logger));
      const voices = owned.use(await loadVoiceDetector());
      const { model, multilingual, languages } = engine;
      const scheduler = new Scheduler(engine, metrics.scheduler);
      metrics.watchQueue(() => scheduler.waiting);
      transcriber = {
        ...{ model, multilingual, languages, policy: config.policy, ffmpeg: config.ffmpeg },
        createVoice: () => voices.create(),
        decode: (job) => scheduler.file(job),
      };
      const publisher = createStreamPublisher(redis, logger, stopping.signal);
      const session = {
        ...{ model, languages, scheduler, policy: config.policy, publisher, logger, now: () => new Date() },
        onWaiting: (change: 1 | -1) => metrics.waitingMessages.inc(change),
      };
      let streams = 0;
      const connection = {
        sessionTokenSecret: config.secrets.sessionToken,
        model,
        languages,
        logger,
        admission: () => (streams > config.maxStreams ? fullRetryMinutes : undefined),
        createSession: (identity: SessionIdentity, send: SendFrame) =>
          new AudioSession(identity, { ...session, voice: voices.create(), send }),
      };
      const audio = await startAudioServer({
        host: config.host,
        port: config.port,
        logger,
        async serve(socket) {
          streams += 1;
          metrics.streams.set(streams);
          try {
            await serveAudioConnection(socket, connection, stopping.signal);
          } finally {
            streams -= 1;
            metrics.streams.set(streams);
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

async function mustBeWarm(engine: Engine | undefined): Promise<void> {
  if (!engine) throw new Error('loading');
  if (!engine.ready) throw new Error('restarting');
}

async function loadEngine({ engine }: Config, logger: Logger): Promise<Engine> {
  const onProgress = (step: unknown) => logger.info({ model: engine.model, step }, 'preparing the model');
  const { model, modelsDir, device, precision } = engine;
  await ensureModel(model, { modelsDir, precision: precisionFor(device, precision), onProgress });
  const started = await startEngine(engine, {
    onWorkerLost: (error, restartMs) => logger.error({ ...errorFields(error), restartMs }, 'the model is loaded anew'),
  });
  await started.transcribe({ audio: new Float32Array(16_000), language: null, task: 'transcribe' }); // warm
  return started;
}
