import { AudioConfig } from '@vexa/shared/contracts/audio';

/** A first message that cannot start a session; the message says which fields are wrong. */
export interface ConfigProblem {
  uid: string | null;
  message: string;
}

type Parsed = { config: AudioConfig; problem?: undefined } | { config?: undefined; problem: ConfigProblem };

/** Reads the first message of an audio connection. */
export function parseAudioConfig(data: string): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { problem: { uid: null, message: 'The first message must be a JSON object with the configuration.' } };
  }
  const result = AudioConfig.safeParse(json);
  if (result.success) return { config: result.data };
  const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const uid = typeof given.uid === 'string' ? given.uid : null;
  const missing = result.error.issues
    .map((issue) => String(issue.path[0] ?? ''))
    .filter((key) => key && !(key in given));
  const message =
    missing.length > 0
      ? `Missing required fields: ${[...new Set(missing)].join(', ')}`
      : `Invalid fields: ${result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`;
  return { problem: { uid, message } };
}

/** What is wrong with a wanted language, if something is; none wanted means that it is detected. */
export function languageProblem(language: string | null | undefined, known: readonly string[]): string | undefined {
  if (language === null || language === undefined || known.includes(language)) return undefined;
  return `Unknown language "${language}"; known are ${known.join(', ')}`;
}
