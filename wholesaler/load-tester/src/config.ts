import { dirname } from 'node:path';
import { type Env, httpUrl, parseEnv, secret, wsUrl } from '@vexa/shared/config';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import type { StackTarget } from './stack/hold-meeting.ts';
import { shippedVoices } from './voices.ts';

const SharedEnv = z.object({ LOAD_VOICES_DIR: z.string().default(dirname(shippedVoices)) });
const AudioEnv = SharedEnv.extend({
  LOAD_URL: wsUrl.default('ws://localhost:9090'),
  SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET'),
});
const StackEnv = SharedEnv.extend({
  LOAD_STACK_URL: httpUrl.default('http://localhost:8056'),
  LOAD_ROOM_URL: httpUrl.default('http://localhost:8090'),
  LOAD_API_KEY: z.string({ error: 'is required: the key of a user who may have so many bots' }).min(1),
});

/** In seconds, at the 95th percentile, but for the share of words. */
export interface Promises {
  first: number;
  final: number;
  unseenShare: number;
}

export interface LoadConfig {
  /** Audio connections of whisperlive, or a whole product, with so many people in each meeting. */
  target: { url: string; sessionTokenSecret: string; model: string | undefined } | (StackTarget & { people: number });
  voicesDir: string;
  /** How many speak, or meet, at once, one step after the other. */
  counts: number[];
  seconds: number;
  language: string;
  promises: Promises;
  json: boolean;
}

/** Throws `ConfigError` for the environment; ends the process with what is wrong in the arguments. */
export function configFrom(argv: readonly string[], env: Env): LoadConfig {
  const command = new Command('load-tester')
    .description(
      'Speaks with real voices to whisperlive, to a balancer before several, or in meetings of a whole stack, until a promise breaks.',
    )
    .option('--url <url>', 'where audio connections go (LOAD_URL); with --stack, the public API (LOAD_STACK_URL)')
    .option(
      '--speakers <list>',
      'how many speak at once, one step after the other',
      counts,
      [1, 2, 4, 6, 8, 12, 16, 24, 32],
    )
    .option('--stack', 'hold meetings with bots and people, with the key in LOAD_API_KEY')
    .option('--room <url>', 'with --stack: the meeting room (LOAD_ROOM_URL)')
    .option(
      '--meetings <list>',
      'with --stack: how many meetings at once, one step after the other',
      counts,
      [1, 2, 3, 4, 6, 8, 12],
    )
    .option('--people <n>', 'with --stack: who speak in turns in each meeting', count, 2)
    .option('--seconds <n>', 'how long each speaks in a step, or all people of a meeting together', amount, 30)
    .option('--language <code>', 'what they speak', 'en')
    .option('--model <name>', 'which model to ask for; default: that of the server')
    .option('--first <seconds>', 'promise: the first text of a word, 95th percentile', amount, 2)
    .option(
      '--final <seconds>',
      'promise: the final text of an utterance, 95th percentile (1.2; with --stack 2)',
      amount,
    )
    .option('--unseen <share>', 'promise: share of words that are not shown as they were said', amount, 0.25)
    .option('--json', 'one JSON object instead of a table');
  const options = command.parse([...argv], { from: 'user' }).opts();
  const { first, unseen: unseenShare, seconds, language } = options;
  const common = { seconds, language, json: options.json === true };
  if (!options.stack) {
    const parsed = parseEnv(AudioEnv, { ...env, ...(options.url && { LOAD_URL: options.url }) });
    return {
      ...common,
      target: { url: parsed.LOAD_URL, sessionTokenSecret: parsed.SESSION_TOKEN_SECRET, model: options.model },
      voicesDir: parsed.LOAD_VOICES_DIR,
      counts: options.speakers,
      promises: { first, final: options.final ?? 1.2, unseenShare },
    };
  }
  const parsed = parseEnv(StackEnv, {
    ...env,
    ...(options.url && { LOAD_STACK_URL: options.url }),
    ...(options.room && { LOAD_ROOM_URL: options.room }),
  });
  return {
    ...common,
    target: {
      url: parsed.LOAD_STACK_URL.replace(/\/$/, ''),
      roomUrl: parsed.LOAD_ROOM_URL,
      key: parsed.LOAD_API_KEY,
      people: options.people,
    },
    voicesDir: parsed.LOAD_VOICES_DIR,
    counts: options.meetings,
    // The room, the bot, and the way to the reader take their time too.
    promises: { first, final: options.final ?? 2, unseenShare },
  };
}

function amount(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

const counts = (text: string): number[] => text.split(',').map(count);

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value;
  throw new InvalidArgumentError('It must be whole, such as 4; in lists with commas, such as 1,2,4.');
}
