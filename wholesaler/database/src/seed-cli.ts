import { databaseUrl, parseEnv } from '@vexa/shared/config';
import { Email } from '@vexa/shared/contracts/accounts';
import { connectDb } from '@vexa/shared/db/client';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { seedUser } from './seed.ts';

const program = new Command('npm run seed -w wholesaler/database --')
  .description('Makes the first user of an installation and prints its key, once (DATABASE_URL).')
  .option('--email <address>', 'whose', (value) => emailOf(value), 'system@example.com')
  .option('--max-bots <n>', 'bots at the same time', (value) => countOf(value), 10)
  .parse();
const { email, maxBots } = program.opts<{ email: string; maxBots: number }>();

const { DATABASE_URL } = parseEnv(z.object({ DATABASE_URL: databaseUrl }), process.env);
await using connection = connectDb(DATABASE_URL, { max: 1 });
const { userId, key } = await seedUser(connection.db, { email, maxConcurrentBots: maxBots });
console.log(key ? `User ${userId} (${email}) has the key ${key}` : `User ${userId} (${email}) was there already.`);

function emailOf(value: string): string {
  const result = Email.safeParse(value);
  if (result.success) return result.data;
  throw new InvalidArgumentError('must be an e-mail address');
}

function countOf(value: string): number {
  const count = Number(value);
  if (Number.isInteger(count) && count >= 0 && count <= 10_000) return count;
  throw new InvalidArgumentError('must be a whole number of at most 10000');
}
