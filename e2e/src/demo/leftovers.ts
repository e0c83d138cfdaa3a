import { Redis } from 'ioredis';
import postgres from 'postgres';

export interface Leftover {
  where: string;
  text: string;
}

/**
 * Looks for each of `texts` in every row of every table of a database and in every key of a Redis, so that "nothing
 * is left" is shown and not believed.
 */
export async function findLeftovers(databaseUrl: string, redisUrl: string, texts: string[]): Promise<Leftover[]> {
  const wanted = texts.map((text) => text.trim()).filter((text) => text.length > 0);
  return [...(await inDatabase(databaseUrl, wanted)), ...(await inRedis(redisUrl, wanted))];
}

async function inDatabase(url: string, texts: string[]): Promise<Leftover[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const found: Leftover[] = [];
  try {
    const tables = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`;
    for (const { name } of tables) {
      for (const text of texts) {
        const [row] = await sql`select 1 from ${sql(name)} t where strpos(t::text, ${text}) > 0 limit 1`;
        if (row) found.push({ where: `table ${name}`, text });
      }
    }
  } finally {
    await sql.end();
  }
  return found;
}

async function inRedis(url: string, texts: string[]): Promise<Leftover[]> {
  const redis = new Redis(url);
  const found: Leftover[] = [];
  try {
    for await (const keys of redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        const content = await contentOf(redis, key);
        for (const text of texts) {
          // JSON inside JSON escapes quotes: compare without them
          if (strip(content).includes(strip(text))) found.push({ where: `redis ${key}`, text });
        }
      }
    }
  } finally {
    redis.disconnect();
  }
  return found;
}

async function contentOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    case 'set':
      return JSON.stringify(await redis.smembers(key));
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1'));
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1));
    default:
      return '';
  }
}

const strip = (text: string): string => text.replaceAll(/["\\]/g, '');
