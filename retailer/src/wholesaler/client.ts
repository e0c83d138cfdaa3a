import { randomUUID } from 'node:crypto';
import type { ReconfigureBotRequest } from '@vexa/shared/contracts/meeting';
import { Meeting, Message } from '@vexa/shared/contracts/meeting';
import type { Platform } from '@vexa/shared/contracts/platform';
import { WebhookSettings } from '@vexa/shared/contracts/routes/webhooks';
import { Transcript } from '@vexa/shared/contracts/transcript';
import type { Logger } from '@vexa/shared/logging';
import { Pool } from 'undici';
import { z } from 'zod';
import type { OperationClass, WholesalerConfig } from '../config.ts';
import type { UpstreamStartRequest } from '../db/schema.ts';
import { type BreakerState, createBreaker } from './breaker.ts';
import { type ExchangeRequest, exchange } from './exchange.ts';
import type { SystemKeys } from './system-keys.ts';
import { WholesalerError } from './wholesaler-error.ts';

/** Reasons that a newer wholesaler may invent are of no use here; its meeting still is. */
const UpstreamMeeting = Meeting.extend({
  completion_reason: Meeting.shape.completion_reason.catch(null),
  failure_stage: Meeting.shape.failure_stage.catch(null),
  metadata: z.unknown().transform(() => ({})),
});
export type UpstreamMeeting = z.infer<typeof UpstreamMeeting>;

/** A meeting at the wholesaler; without `wholesalerId` the latest under the native id. */
export interface UpstreamRef {
  platform: Platform;
  nativeId: string;
  wholesalerId?: number | undefined;
}

/** The wholesaler's public API as its system user sees it. Every call throws `WholesalerError` only. */
export interface WholesalerClient extends AsyncDisposable {
  startBot(request: UpstreamStartRequest, idempotencyKey: string): Promise<UpstreamMeeting>;
  stopBot(ref: UpstreamRef): Promise<void>;
  reconfigureBot(ref: UpstreamRef, change: ReconfigureBotRequest): Promise<void>;
  meeting(ref: UpstreamRef): Promise<UpstreamMeeting>;
  /** With `since` only what changed after that cursor, if the wholesaler can tell. */
  transcript(ref: UpstreamRef, since?: string): Promise<Transcript>;
  deleteMeeting(ref: UpstreamRef): Promise<void>;
  setWebhook(url: string, secret: string): Promise<void>;
  breakers(): Record<OperationClass, BreakerState>;
}

export interface WholesalerClientDeps {
  config: WholesalerConfig;
  keys: SystemKeys;
  logger: Logger;
}

const connections = 64;
const connectTimeoutMs = 3_000;
const attempts = 2;
const retryDelayMs = 100;
const keyAlarmEveryMs = 10 * 60_000;

export function createWholesalerClient({ config, keys, logger }: WholesalerClientDeps): WholesalerClient {
  const base = new URL(config.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, { connections, connect: { timeout: connectTimeoutMs } });
  const breakerFor = (operation: OperationClass) => createBreaker(operation, config.breakerResetMs);
  const breakers = {
    start: breakerFor('start'),
    stop: breakerFor('stop'),
    read: breakerFor('read'),
    delete: breakerFor('delete'),
  };
  const alarm = createKeyAlarm(logger);

  /** A refused key has changed nothing, so that any request may be sent again with the next. */
  const withAnyKey = async (request: ExchangeRequest): Promise<unknown> => {
    const candidates = keys.inOrder();
    for (const [i, key] of candidates.entries()) {
      try {
        const headers = { ...request.headers, 'x-api-key': key };
        return await exchange(pool, base.origin, { ...request, headers });
      } catch (error) {
        if (!isKeyRefused(error)) throw error;
        keys.refused(key);
        if (i === candidates.length - 1) throw error;
      }
    }
    throw new Error('there is no system key');
  };

  const call = async <S extends z.ZodType>(operation: OperationClass, schema: S, what: Call): Promise<z.output<S>> => {
    const requestId = randomUUID();
    const request: ExchangeRequest = {
      method: what.method,
      path: prefix + what.path,
      // Nothing of the user's own request goes along, not even its request id, which the user may choose.
      headers: {
        'x-service-layer-id': config.serviceLayerId,
        'x-request-id': requestId,
        ...what.headers,
      },
      ...(what.body === undefined ? {} : { body: what.body }),
      timeoutMs: config.timeoutsMs[operation],
    };
    for (let attempt = 1; ; attempt++) {
      try {
        return await breakers[operation].run(async () => parse(schema, await withAnyKey(request)));
      } catch (error) {
        alarm(error);
        if (attempt < attempts && isWorthAnother(error)) {
          await new Promise((resolve) => setTimeout(resolve, retryDelayMs * (0.5 + Math.random())));
          continue;
        }
        logFailure(logger, error, { operation, method: what.method, upstream_request_id: requestId });
        throw error;
      }
    }
  };

  return {
    // Safe to repeat: the wholesaler answers the same key with the same meeting.
    startBot: (request, idempotencyKey) =>
      call('start', UpstreamMeeting, {
        method: 'POST',
        path: '/bots',
        body: request,
        headers: { 'idempotency-key': idempotencyKey },
      }),
    async stopBot(ref) {
      await call('stop', Message, { method: 'DELETE', path: pathOf('bots', ref) });
    },
    async reconfigureBot(ref, change) {
      await call('stop', Message, { method: 'PUT', path: `${pathOf('bots', ref)}/config`, body: change });
    },
    meeting: (ref) =>
      call('read', UpstreamMeeting, { method: 'GET', path: pathOf('meetings', ref) + naming(ref) }).then((meeting) =>
        expectNamed(ref, meeting),
      ),
    transcript: (ref, since) =>
      call('read', Transcript, { method: 'GET', path: pathOf('transcripts', ref) + naming(ref, since) }).then(
        (transcript) => expectNamed(ref, transcript),
      ),
    async deleteMeeting(ref) {
      await call('delete', z.unknown(), { method: 'DELETE', path: pathOf('meetings', ref) + naming(ref) });
    },
    async setWebhook(url, secret) {
      const body = { webhook_url: url, webhook_secret: secret, webhook_events: ['meeting.finished'] };
      await call('start', WebhookSettings, { method: 'PUT', path: '/user/webhook', body });
    },
    breakers: () => ({
      start: breakers.start.state(),
      stop: breakers.stop.state(),
      read: breakers.read.state(),
      delete: breakers.delete.state(),
    }),
    async [Symbol.asyncDispose]() {
      for (const breaker of Object.values(breakers)) breaker.shutdown();
      await pool.destroy();
    },
  };
}

interface Call {
  method: ExchangeRequest['method'];
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

const pathOf = (resource: string, { platform, nativeId }: UpstreamRef): string =>
  `/${resource}/${platform}/${encodeURIComponent(nativeId)}`;

function naming({ wholesalerId }: UpstreamRef, since?: string): string {
  const query = new URLSearchParams();
  if (wholesalerId !== undefined) query.set('meeting_id', String(wholesalerId));
  if (since !== undefined) query.set('since', since);
  return query.size === 0 ? '' : `?${query}`;
}

/** A wholesaler that ignores `meeting_id` would give one meeting's words to the holders of another. */
function expectNamed<T extends { id: number }>({ wholesalerId }: UpstreamRef, answer: T): T {
  if (wholesalerId === undefined || answer.id === wholesalerId) return answer;
  throw new WholesalerError('nonsense', 'the wholesaler answered with another meeting than the one named');
}

function parse<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => issue.path.join('.')).slice(0, 10);
  throw new WholesalerError('nonsense', `unexpected answer, wrong at: ${fields.join(', ')}`);
}

/** Only what failed at once is tried again: after a timeout the user has waited enough. */
const isWorthAnother = (error: unknown): boolean =>
  error instanceof WholesalerError &&
  (error.failure === 'unreachable' || (error.status === 502 && error.failure === 'refused'));

const isKeyRefused = (error: unknown): boolean => error instanceof WholesalerError && error.status === 401;

/** One clear line when the system key is refused, not one for each request. */
function createKeyAlarm(logger: Logger): (error: unknown) => void {
  let quietUntil = 0;
  return (error) => {
    if (!isKeyRefused(error) || performance.now() < quietUntil) return;
    quietUntil = performance.now() + keyAlarmEveryMs;
    logger.error('the wholesaler refuses VEXA_INFRA_API_KEY: give it a key that is known and not expired');
  };
}

function logFailure(logger: Logger, error: unknown, fields: Record<string, unknown>): void {
  if (!(error instanceof WholesalerError)) return;
  const { failure, status, code, message } = error;
  const line = { ...fields, failure, status, code, reason: message };
  if (failure === 'breaker_open' || (failure === 'refused' && status !== undefined && status < 500)) {
    logger.debug(line, 'call to the wholesaler failed');
  } else logger.warn(line, 'call to the wholesaler failed');
}
