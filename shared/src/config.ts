import { z } from 'zod';
import { logLevels } from './logging.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** A configuration that cannot be used; the message lists every bad variable, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Parses the environment. Empty variables count as unset. Throws `ConfigError` naming every bad one. */
export function parseEnv<S extends z.ZodType>(schema: S, env: Env): z.output<S> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(environment)'}: ${issue.message}`);
  throw new ConfigError(`The configuration is not usable:\n${lines.join('\n')}`);
}

const exampleSecrets = new Set(['changeme', 'change-me', 'secret', 'token', 'password', 'example', 'your-secret-here']);

/** A secret of at least 16 characters that is not one of the well-known placeholders. */
export const secret = (name: string) =>
  z
    .string({ error: `is required: set ${name} to a random value, for example from: openssl rand -hex 32` })
    .min(16, 'must have at least 16 characters')
    .refine((value) => !exampleSecrets.has(value.toLowerCase()) && !/^change[-_]?me/i.test(value), {
      message: 'still has its example value',
    });

export const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

export const databaseUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' });
export const redisUrl = z.url({ protocol: /^rediss?$/, error: 'must be a redis:// URL' });
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
export const wsUrl = z.url({ protocol: /^wss?$/, error: 'must be a ws:// or wss:// URL' });

/** A text that is JSON of this shape. The parser's own message would quote it, and it may hold a secret. */
export const jsonOf = <T extends z.ZodType>(text: z.ZodType<string>, shape: T, message = 'must be JSON') =>
  text
    .transform((value, ctx) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        ctx.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
    })
    .pipe(shape);

/** What every service reads from its environment. */
export const serviceEnv = {
  HOST: z.string().default('0.0.0.0'),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  METRICS_TOKEN: secret('METRICS_TOKEN').optional(),
};
