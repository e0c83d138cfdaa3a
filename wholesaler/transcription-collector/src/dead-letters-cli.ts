import { parseEnv, redisUrl, secret } from '@vexa/shared/config';
import { createLogger } from '@vexa/shared/logging';
import { connectRedis } from '@vexa/shared/redis/client';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { type BuriedLetter, deadLetters, dropLetters, findDeadLetter } from './stream/dead-letters.ts';
import { replayLetter } from './stream/replay-letter.ts';

const { REDIS_URL } = parseEnv(z.object({ REDIS_URL: redisUrl }), process.env);
const redis = connectRedis(REDIS_URL, createLogger('dead-letters', 'warn'));

const letterId = (value: string): string => {
  if (/^\d+-\d+$/.test(value)) return value;
  throw new InvalidArgumentError('must be an id such as 1780000000000-0');
};
const letterIds = (value: string, previous: string[] = []): string[] => [...previous, letterId(value)];
const count = (value: string): number => {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('must be a whole number over 0');
};

const program = new Command('dead-letters').description('Messages that the collector put aside, and why (REDIS_URL).');

program
  .command('list')
  .description('one line each, oldest first; nothing that was said')
  .option('--limit <n>', 'at most so many', count, 100)
  .option('--meeting <id>', 'of one meeting only', count)
  .action(async ({ limit, meeting }: { limit: number; meeting?: number }) => {
    let shown = 0;
    for await (const letter of deadLetters(redis)) {
      if (meeting !== undefined && letter.meetingId !== meeting) continue;
      if (shown++ === limit) break;
      console.log(describe(letter));
    }
    console.log(`${await redis.xlen('transcription_segments:dead')} in all`);
  });

program
  .command('show')
  .description('one letter; its message, which may hold what somebody said, only with --text')
  .argument('<id>', 'as listed', letterId)
  .option('--text', 'show the message, without its token')
  .action(async (id: string, { text }: { text?: boolean }) => {
    const letter = await findDeadLetter(redis, id);
    if (!letter) return fail(`${id}: not found`);
    console.log(describe(letter));
    if (text) console.log(letter.payload?.replace(/("token"\s*:\s*)"[^"]*"/, '$1"…"') ?? '(no message was kept)');
  });

program
  .command('replay')
  .description('send messages again, in the order given (SESSION_TOKEN_SECRET)')
  .argument('[ids...]', 'as listed', letterIds)
  .option('--all', 'every letter of which the message was kept')
  .action(async (ids: string[], { all }: { all?: boolean }) => {
    const env = parseEnv(z.object({ SESSION_TOKEN_SECRET: secret('SESSION_TOKEN_SECRET') }), process.env);
    const deps = { redis, sessionTokenSecret: env.SESSION_TOKEN_SECRET };
    const chosen = all ? await keptIds() : ids;
    if (chosen.length === 0 && !all) return fail('give ids, or --all');
    for (const id of chosen) {
      const outcome = await replayLetter(deps, id);
      if (outcome === 'replayed') console.log(`${id}: replayed`);
      else fail(`${id}: ${outcome}`);
    }
  });

program
  .command('drop')
  .description('delete letters for good')
  .argument('<ids...>', 'as listed', letterIds)
  .action(async (ids: string[]) => {
    const dropped = await dropLetters(redis, ids);
    console.log(`${dropped} dropped`);
    if (dropped < ids.length) fail(`${ids.length - dropped} not found`);
  });

try {
  await program.parseAsync();
} finally {
  redis.disconnect();
}

async function keptIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id, payload } of deadLetters(redis)) if (payload) ids.push(id);
  return ids;
}

function describe({ id, stream, entryId, reason, deliveries, meetingId, payload }: BuriedLetter): string {
  const buriedAt = new Date(Number(id.split('-')[0])).toISOString();
  const meeting = meetingId === undefined ? 'of no known meeting' : `meeting ${meetingId}`;
  const kept = payload ? `${Buffer.byteLength(payload)} bytes kept` : 'message not kept';
  return `${id}  ${buriedAt}  ${stream} ${entryId}  ${meeting}  ${deliveries} deliveries  ${kept}  ${reason}`;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
