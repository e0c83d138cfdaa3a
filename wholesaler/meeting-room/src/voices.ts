import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '@vexa/shared/files/error-code';

export const voices = ['slt', 'rms'] as const;
export type Voice = (typeof voices)[number];

const run = promisify(execFile);
const timeoutMs = 30_000;

/**
 * Speaks a text with flite into a 16 kHz WAV file and returns its path; made once per text and voice.
 * Throws naming the package when flite is not installed.
 */
export async function synthesise(text: string, voice: Voice, folder = join(tmpdir(), 'vexa-voices')): Promise<string> {
  const name = createHash('sha256').update(`${voice}\n${text}`).digest('hex').slice(0, 24);
  const path = join(folder, `${voice}-${name}.wav`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const draft = `${path}.${process.pid}`;
  try {
    await run('flite', ['-voice', voice, '-t', text, '-o', draft], { timeout: timeoutMs });
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') {
      throw new Error('flite is not installed: apt-get install flite', { cause });
    }
    throw cause;
  }
  await rename(draft, path);
  return path;
}
