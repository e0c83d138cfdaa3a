import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { freePort } from '@vexa/shared/local/free-port';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { z } from 'zod';
import { ensureModel } from '../../src/models/ensure-model.ts';
import type { Context } from '../context.ts';
import { JsonLinesProcess } from '../peers/json-lines-process.ts';
import { peerEnv, peerModel } from '../peers/set-up.ts';

export interface Usage {
  cpuSeconds: number;
  rssBytes: number;
  /** All figures by which our own service tells where time goes, by name and labels; none of others. */
  figures?: ReadonlyMap<string, number>;
}

/** A server process that takes audio sockets. */
export interface AudioServer extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** The first message of a connection. */
  config(uid: string): Record<string, unknown>;
  usage(): Promise<Usage>;
}

const secret = 'a-secret-for-measuring-only-0123456789';
const meetingId = 1;
const startDeadlineMs = 120_000;
const stopDeadlineMs = 20_000;

interface ServiceOptions {
  model: string;
  nodeArgs?: readonly string[];
  env?: Record<string, string>;
}

/** Our own service as a process of its own, with a Redis of its own. */
export async function startService(
  context: Context,
  options: ServiceOptions,
): Promise<AudioServer & { stop(): Promise<void> }> {
  const owned = new AsyncDisposableStack();
  const redis = owned.use(await startRedis());
  const [port, healthPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), join(import.meta.dirname, '../../src/main.ts')], {
    env: {
      ...context.env,
      ...{ HOST: '127.0.0.1', PORT: String(port), HEALTH_PORT: String(healthPort), LOG_LEVEL: 'warn' },
      ...{ REDIS_URL: redis.url, SESSION_TOKEN_SECRET: secret, WHISPER_MODEL: options.model, MAX_STREAMS: '2000' },
      ...options.env,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  owned.defer(() => stop(child));
  const http = `http://127.0.0.1:${healthPort}`;
  const token = await signSessionToken(secret, { meeting_id: meetingId, user_id: 1, connection_id: 'bench' });
  try {
    await waitFor('the service to be ready', () => isReady(`${http}/health/ready`, child), {
      deadlineMs: startDeadlineMs,
      everyMs: 200,
    });
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
  return {
    name: 'ours',
    url: `ws://127.0.0.1:${port}`,
    config: (uid) => ({ uid, token, platform: 'local', meeting_id: meetingId, language: 'en', task: 'transcribe' }),
    usage: async () => readUsage(await (await fetch(`${http}/metrics`)).text()),
    stop: () => stop(child),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function isReady(url: string, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`the service exited with ${child.exitCode}`);
  try {
    return (await fetch(url)).ok;
  } catch {
    return false; // it does not listen yet
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const deadline = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
  await exit;
  clearTimeout(deadline);
}

function readUsage(metrics: string): Usage {
  const value = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  const figures = new Map(
    [...metrics.matchAll(/^(whisperlive_\S+) (\S+)$/gm)].map(([, name = '', n]) => [name, Number(n)]),
  );
  return {
    ...{ cpuSeconds: value('process_cpu_seconds_total'), rssBytes: value('process_resident_memory_bytes') },
    figures,
  };
}

const WhisperLiveUsage = z.object({ cpu: z.number(), rss: z.number() });

/** WhisperLive with the same weights; undefined where it is not installed. */
export async function startWhisperLive(context: Context, model: string): Promise<AudioServer | undefined> {
  const { peers, env, modelsDir } = context;
  if (!peers || peers.whisperLiveProblem) return undefined;
  const port = await freePort();
  const dir = peerModel(await ensureModel(model, { modelsDir }));
  const script = join(import.meta.dirname, '../peers/whisper_live_server.py');
  const child = new JsonLinesProcess(peers.python, [script, dir, String(port)], peerEnv(env));
  try {
    await waitFor('WhisperLive to listen', () => listens(port, child), { deadlineMs: startDeadlineMs, everyMs: 200 });
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name: 'WhisperLive',
    url: `ws://127.0.0.1:${port}`,
    config: (uid) => ({ uid, language: 'en', task: 'transcribe', model, use_vad: true }),
    async usage() {
      const { cpu, rss } = WhisperLiveUsage.parse(await child.ask({}));
      return { cpuSeconds: cpu, rssBytes: rss };
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

async function listens(port: number, child: JsonLinesProcess): Promise<boolean> {
  if (child.exited) throw new Error(`WhisperLive ended: ${child.lastErrors}`);
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // it does not listen yet
  } finally {
    socket.destroy();
  }
}
