import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Env, parseEnv, secret, wsUrl } from '@vexa/shared/config';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';

const shippedVoices = fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/manifest.tsv'));

const LoadEnv = z.object({
  LOAD_URL: wsUrl.default('ws://localhost:9090'),
  LOAD_VOICES_DIR: z.string().default(dirname(shippedVoices)),
  SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET'),
});

/** In seconds, at the 95th percentile, but for the share of words. */
export interface Promises {
  first: number;
  final: number;
  unseenShare: number;
}

export interface LoadConfig {
  url: string;
  voicesDir: string;
  sessionTokenSecret: string;
  /** How many speak at once, one step after the other. */
  speakers: number[];
  seconds: number;
  language: string;
  model: string | undefined;
  promises: Promises;
  json: boolean;
}

/** Throws `ConfigError` for the environment; ends the process with what is wrong in the arguments. */
export function configFrom(argv: readonly string[], env: Env): LoadConfig {
  const command = new Command('load-tester')
    .description('Speaks to whisperlive, or to a balancer before several, with real voices, until a promise breaks.')
    .option('--url <url>', 'where audio connections go (LOAD_URL)')
    .option(
      '--speakers <list>',
      'how many speak at once, one step after the other',
      counts,
      [1, 2, 4, 6, 8, 12, 16, 24, 32],
    )
    .option('--seconds <n>', 'how long each speaks in a step', amount, 30)
    .option('--language <code>', 'what they speak', 'en')
    .option('--model <name>', 'which model to ask for; default: that of the server')
    .option('--first <seconds>', 'promise: the first text of a word, 95th percentile', amount, 2)
    .option('--final <seconds>', 'promise: the final text of an utterance, 95th percentile', amount, 1.2)
    .option('--unseen <share>', 'promise: share of words that are not shown as they were said', amount, 0.25)
    .option('--json', 'one JSON object instead of a table');
  const options = command.parse([...argv], { from: 'user' }).opts();
  const parsed = parseEnv(LoadEnv, { ...env, ...(options.url && { LOAD_URL: options.url }) });
  return {
    url: parsed.LOAD_URL,
    voicesDir: parsed.LOAD_VOICES_DIR,
    sessionTokenSecret: parsed.SESSION_TOKEN_SECRET,
    speakers: options.speakers,
    seconds: options.seconds,
    language: options.language,
    model: options.model,
    promises: { first: options.first, final: options.final, unseenShare: options.unseen },
    json: options.json === true,
  };
}

function amount(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function counts(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.some((value) => !Number.isInteger(value) || value < 1 || value > 10_000)) {
    throw new InvalidArgumentError('It must be whole numbers such as 1,2,4.');
  }
  return values;
}
