import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import type { Stack } from '../stack/stack.ts';

/** Where bots of a run can leave something. */
export interface Place {
  stack: Stack;
  /** The one folder in which bot-manager and its bots keep temporary files. */
  temporary: string;
  docker: boolean;
}

/** Logs of bots are kept on purpose, a hundred of them. */
const keptFolder = 'vexa-bot-logs';

/** All that is left of bots: processes, containers, files, rows that are not ended, and keys that never expire. */
export async function findRest(place: Place): Promise<string[]> {
  return [
    ...processesOf(place).map(({ pid, args }) => `process ${pid} ${args.slice(0, 100)}`),
    ...(place.docker ? containersOf(place, ['--all']).map((name) => `container ${name}`) : []),
    ...(await filesIn(place.temporary)).map((path) => `file ${path}`),
    ...(await openRows(place.stack)),
    ...(await lastingKeys(place.stack)).map((key) => `key ${key}`),
  ];
}

/** Names of the bots that run now. */
export const runningBots = (place: Place): string[] =>
  place.docker
    ? containersOf(place, [])
    : processesOf(place).flatMap(({ args }) => /src\/main\.ts (vexa-bot-\d+-[0-9a-f]{8}) /.exec(args)?.[1] ?? []);

/** Bots and their browsers know their folder for temporary files by their environment. */
function processesOf({ stack, temporary }: Place): { pid: number; args: string }[] {
  const manager = stack.service('bot-manager').pid;
  return readdirSync('/proc').flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || Number(name) === manager) return [];
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(temporary)) return [];
      return [{ pid: Number(name), args: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      return []; // it ended meanwhile, or is somebody else's
    }
  });
}

function containersOf({ stack }: Place, flags: string[]): string[] {
  // As bot-manager names the deployment that a container belongs to.
  const owner = createHash('sha256').update(stack.wholesalerDatabaseUrl).digest('hex').slice(0, 16);
  const filter = ['--filter', `label=vexa.owner=${owner}`, '--format', '{{.Names}}'];
  return execFileSync('docker', ['ps', ...flags, ...filter], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => !path.startsWith(join(folder, keptFolder)));
}

async function openRows({ wholesalerDatabaseUrl }: Stack): Promise<string[]> {
  const sql = postgres(wholesalerDatabaseUrl, { max: 1, onnotice: () => {} });
  try {
    const runs = await sql<{ name: string }[]>`select container_name as name from bot_runs where ended_at is null`;
    const meetings = await sql<{ id: number; status: string }[]>`
      select id, status from meetings where status not in ('completed', 'failed')`;
    return [
      ...runs.map(({ name }) => `row of bot ${name}`),
      ...meetings.map(({ id, status }) => `row of meeting ${id}, ${status}`),
    ];
  } finally {
    await sql.end();
  }
}

/** Streams and the queue of webhooks belong to the services, not to a meeting. */
const ofServices = /^(transcription_segments|speaker_events_relative|outbox)/;

async function lastingKeys({ redisUrl }: Stack): Promise<string[]> {
  const redis = new Redis(redisUrl);
  try {
    const keys = (await redis.keys('*')).filter((key) => !ofServices.test(key));
    const ttls = await Promise.all(keys.map((key) => redis.ttl(key)));
    return keys.filter((_, index) => ttls[index] === -1);
  } finally {
    redis.disconnect();
  }
}
