import { listen } from '@vexa/shared/http/server';
import type { Logger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import type { Service } from '@vexa/shared/service';
import { type HandOverMoment, serveAudioConnection } from './audio-socket/audio-connection.ts';
import { startAudioServer } from './audio-socket/audio-server.ts';
import { AudioSession } from './audio-socket/audio-session.ts';
import type { SessionModel } from './audio-socket/session-model.ts';
import type { Config } from './config.ts';
import { Drain } from './drain.ts';
import { type Lease, ModelPool } from './engine/model-pool.ts';
import { createHttpApp } from './http/http-app.ts';
import type { FileModel } from './http/transcriptions-routes.ts';
import { type LiveModel, prepareModel } from './live-model.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createStreamPublisher, type StreamPublisher } from './publish/stream-publisher.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { loadVoiceDetector } from './vad/silero.ts';

const fullRetryMinutes = 1;

/** The transcription service: audio sockets in, messages on Redis out, the engines between. */
export function createService(config: Config, { logger }: { logger: Logger }): Service {
  const owned = new AsyncDisposableStack();
  const stopping = new AbortController();
  const drain = new Drain(config.drainSeconds);
  return {
    async start() {
      const redis = connectRedis(config.redisUrl, logger);
      owned.defer(() => redis.disconnect());
      const metrics = createMetrics();
      const queues = new Set<Scheduler>();
      metrics.watchQueue(() => waitingIn(queues));
      metrics.maxStreams.set(config.maxStreams);
      drain.begun.addEventListener('abort', () => metrics.draining.set(1));
      const { engine: options, models: names, memoryBytes: budgetBytes } = config;
      const pool = owned.use(
        new ModelPool<LiveModel>({
          ...{ names, budgetBytes },
          prepare: (name) =>
            prepareModel(name, {
              ...{ options, memoryBytes: budgetBytes / names.length },
              ...{ events: metrics.scheduler, queues, logger },
            }),
        }),
      );
      // Held as long as the service runs: whoever names no model must not wait for one.
      let usual: Lease<LiveModel> | undefined;
      let openFileModel: ((wanted: string) => Promise<FileModel>) | undefined;
      let streams = 0;
      const mustHaveRoom = async () => {
        if (streams >= config.maxStreams || usual?.model.scheduler.admission.isFull(streams)) throw new Error('full');
      };
      metrics.watchLoad(() => {
        const loads = [...queues].map(({ admission }) => admission.loadWithOneMore(streams));
        return Math.max(streams / config.maxStreams, ...loads);
      });
      const app = createHttpApp({
        checks: {
          redis: () => redis.ping(),
          model: () => mustBeWarm(usual),
          drain: async () => drain.begun.throwIfAborted(),
        },
        room: mustHaveRoom,
        metrics: metrics.registry,
        v1: {
          ...{ secrets: config.secrets, names, drain, stopping: stopping.signal, startedAt: new Date() },
          openModel: () => openFileModel,
        },
        logger,
      });
      const http = owned.use(await listen(app, { port: config.healthPort, host: config.host }));
      usual = await pool.acquire();
      const voices = owned.use(await loadVoiceDetector());
      openFileModel = async (wanted) => fileModel(await pool.acquire(wanted), { config, voices });
      const spool = createStreamPublisher(redis, logger, stopping.signal);
      const publisher: StreamPublisher = {
        publish: (message) => metrics.publishing(() => spool.publish(message)),
        publishSpeakerEvent: (event) => spool.publishSpeakerEvent(event),
        get full() {
          return spool.full;
        },
      };
      const session = {
        ...{ policy: config.policy, publisher, logger, now: () => new Date() },
        onWaiting: (change: 1 | -1) => metrics.waitingMessages.inc(change),
      };
      const openModel = async (wanted: string | undefined): Promise<SessionModel> => {
        const lease = await pool.acquire(wanted);
        const { engine, scheduler } = lease.model;
        const { model, languages } = engine;
        return {
          languages,
          admission: () => scheduler.admission.ask(streams - 1),
          createSession: (identity, send) =>
            new AudioSession(identity, { ...session, model, languages, scheduler, voice: voices.create(), send }),
          [Symbol.dispose]: () => lease[Symbol.dispose](),
        };
      };
      const connection = {
        ...{ sessionTokenSecret: config.secrets.sessionToken, logger, openModel },
        admission: () => (streams > config.maxStreams ? fullRetryMinutes : undefined),
        onRefused: () => metrics.refused.inc(),
        onHandedOver: (moment: HandOverMoment) => metrics.handedOver.inc({ moment }),
      };
      const endings = {
        ...{ handingOver: drain.handingOver, stopping: stopping.signal },
        spreadMs: (drain.handOverSeconds / 2) * 1000,
      };
      const audio = await startAudioServer({
        host: config.host,
        port: config.port,
        logger,
        async serve(socket) {
          using _work = drain.take();
          streams += 1;
          metrics.streams.set(streams);
          try {
            await serveAudioConnection(socket, connection, endings);
          } finally {
            streams -= 1;
            metrics.streams.set(streams);
          }
        },
      });
      owned.use(audio);
      drain.begun.addEventListener('abort', () => audio.stopAccepting());
      return { audio: audio.url, http: http.url };
    },
    async [Symbol.asyncDispose]() {
      await drain.run();
      stopping.abort();
      await owned.disposeAsync();
    },
  };
}

type Voices = Awaited<ReturnType<typeof loadVoiceDetector>>;

function fileModel(lease: Lease<LiveModel>, { config, voices }: { config: Config; voices: Voices }): FileModel {
  const { engine, scheduler } = lease.model;
  const { model, multilingual, languages } = engine;
  return {
    ...{ model, multilingual, languages, policy: config.policy, ffmpeg: config.ffmpeg },
    createVoice: () => voices.create(),
    decode: (job) => scheduler.file(job),
    [Symbol.dispose]: () => lease[Symbol.dispose](),
  };
}

function waitingIn(queues: Iterable<Scheduler>): Scheduler['waiting'] {
  const sum = { final: 0, draft: 0, file: 0 };
  for (const { waiting } of queues) {
    sum.final += waiting.final;
    sum.draft += waiting.draft;
    sum.file += waiting.file;
  }
  return sum;
}

async function mustBeWarm(usual: Lease<LiveModel> | undefined): Promise<void> {
  if (!usual) throw new Error('loading');
  if (!usual.model.engine.ready) throw new Error('restarting');
}
