import type { SessionClaims } from '@vexa/shared/auth/session-token';
import { z } from 'zod';
import type { Entry } from '../stream/entry.ts';
import type { TokenVerifier } from './token-verifier.ts';

export type Parsed<M> =
  | { ok: true; message: M; claims: SessionClaims }
  | { ok: false; kind: 'shape' | 'token'; reason: string; meetingId: number | undefined };

const Authenticated = z.object({ token: z.string() });

/** Reads a message and checks whose it is. What is refused is refused with a reason that repeats nothing of it. */
export async function parseMessage<S extends z.ZodType<{ token: string }>>(
  schema: S,
  tokens: TokenVerifier,
  { payload }: Entry,
): Promise<Parsed<z.output<S>>> {
  const json = parseJson(payload);
  if (json === undefined)
    return { ok: false, kind: 'shape', reason: 'the field payload is not JSON', meetingId: undefined };
  const token = Authenticated.safeParse(json).data?.token;
  const claims = token === undefined ? undefined : await tokens(token);
  const reason = 'the session token is missing, forged or expired';
  if (!claims) return { ok: false, kind: 'token', reason, meetingId: undefined };
  const result = schema.safeParse(json);
  if (result.success) return { ok: true, message: result.data, claims };
  const fields = result.error.issues.map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`);
  const shape = `bad shape: ${fields.slice(0, 5).join('; ')}`;
  return { ok: false, kind: 'shape', reason: shape, meetingId: claims.meeting_id };
}

/** The meeting whose token the message carries, whatever else is wrong with it. */
export async function meetingOf(tokens: TokenVerifier, { payload }: Entry): Promise<number | undefined> {
  const token = Authenticated.safeParse(parseJson(payload)).data?.token;
  if (token === undefined) return undefined;
  return (await tokens(token))?.meeting_id;
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
