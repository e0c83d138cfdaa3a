import { signSessionToken } from '@vexa/shared/auth/session-token';
import { fieldError, ServiceError } from '@vexa/shared/errors';
import { errorFields, type Logger } from '@vexa/shared/logging';
import { request } from 'undici';
import { z } from 'zod';

export interface ModelList {
  /** Names that may be asked for; the first is what is used when none is named. Throws `unavailable` while unknown. */
  names(): Promise<readonly string[]>;
}

interface ModelListDeps {
  logger: Logger;
  sessionTokenSecret: string;
  now: () => Date;
}

const timeoutMs = 3_000;
const freshMs = 15_000;
/** The name that programs written for OpenAI use for whatever model is served: nothing that could be counted. */
const alias = 'whisper-1';

const ModelsReply = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * The models of whisperlive: those the operator listed, else what its `GET /v1/models` answers, the default first.
 * An answer is good for 15 s, and longer while whisperlive does not give another.
 */
export function createModelList(
  { logger, sessionTokenSecret, now }: ModelListDeps,
  { listed, url }: { listed: readonly string[]; url: string },
): ModelList {
  let known: { names: readonly string[]; at: number } | undefined;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    try {
      const names = await fetchNames(url, sessionTokenSecret);
      known = { names, at: now().getTime() };
    } catch (error) {
      logger.warn({ ...errorFields(error), url }, 'whisperlive does not tell its models');
    }
  };

  return {
    async names() {
      if (listed.length > 0) return listed;
      if (!known || now().getTime() - known.at >= freshMs) {
        asking ??= ask().finally(() => {
          asking = undefined;
        });
        await asking;
      }
      if (known) return known.names;
      const detail = 'The transcription service does not tell which models it has; try again soon.';
      throw new ServiceError('unavailable', detail, { retryAfterSeconds: 5 });
    },
  };
}

async function fetchNames(url: string, sessionTokenSecret: string): Promise<string[]> {
  // Whisperlive answers whoever has a session token; this one is of no bot's session.
  const claims = { meeting_id: 2_147_483_647, user_id: 2_147_483_647, connection_id: 'bot-manager' };
  const token = await signSessionToken(sessionTokenSecret, claims);
  const response = await request(new URL('/v1/models', url), {
    signal: AbortSignal.timeout(timeoutMs),
    headers: { authorization: `Bearer ${token}` },
  });
  const body = await response.body.json();
  if (response.statusCode !== 200) throw new Error(`whisperlive answered ${response.statusCode}`);
  const names = ModelsReply.parse(body).data.map(({ id }) => id);
  const own = names.filter((name) => name !== alias);
  if (own.length === 0) throw new Error('whisperlive has no model');
  return own;
}

/** The model a request gets. Throws `validation_error` naming those available, and `unavailable`. */
export async function chooseModel(models: ModelList, wanted: string | null | undefined): Promise<string> {
  const names = await models.names();
  const name = wanted ?? names[0];
  if (name !== undefined && names.includes(name)) return name;
  throw fieldError(['body', 'model_identifier'], `there is no model "${wanted}"; available: ${names.join(', ')}`);
}
