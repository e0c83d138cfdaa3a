import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audioSampleRate } from '@vexa/shared/contracts/audio';
import { AudioFileError } from './audio-file-error.ts';
import { type AudioFormat, formatNames } from './sniff-format.ts';

export interface FfmpegOptions {
  /** Name or path of the program. */
  command: string;
  /** It is killed when it gives nothing for so long while something is asked of it. */
  stallMs?: number;
  signal?: AbortSignal | undefined;
}

const defaultStallMs = 30_000;
const maxErrorText = 300;

/**
 * The samples (16 kHz mono) of the first audio track, piece by piece: ffmpeg works no faster than its output is read,
 * so a long file is never in memory as samples. Throws `AudioFileError`.
 *
 * The file goes through a private temporary directory, because the index of an m4a may be at its end. The demuxer is
 * given and the protocols are limited to files, so nothing in an upload can make ffmpeg open anything else.
 */
export async function* decodeWithFfmpeg(
  bytes: Uint8Array,
  format: AudioFormat,
  { command, stallMs = defaultStallMs, signal }: FfmpegOptions,
): AsyncGenerator<Float32Array> {
  const dir = await mkdtemp(join(tmpdir(), 'vexa-audio-'));
  try {
    const input = join(dir, 'input');
    await writeFile(input, bytes, { mode: 0o600 });
    yield* run(command, ffmpegArguments(input, format), { stallMs, signal });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const ffmpegArguments = (input: string, format: AudioFormat): string[] => [
  ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file', '-threads', '1'],
  ...['-f', format, '-i', input, '-map', '0:a:0', '-ac', '1', '-ar', String(audioSampleRate)],
  ...['-f', 's16le', '-protocol_whitelist', 'pipe', 'pipe:1'],
];

async function* run(
  command: string,
  args: string[],
  { stallMs, signal }: { stallMs: number; signal: AbortSignal | undefined },
): AsyncGenerator<Float32Array> {
  signal?.throwIfAborted();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, maxErrorText);
  });
  const ended = new Promise<number | string | Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, name) => resolve(code ?? name ?? 'no exit code'));
  });
  const kill = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', kill, { once: true });
  let stalled = false;
  const stall = () => {
    stalled = true;
    kill();
  };
  let heard = false;
  let timer = setTimeout(stall, stallMs);
  try {
    for await (const samples of toSamples(child.stdout)) {
      clearTimeout(timer);
      heard = true;
      yield samples;
      timer = setTimeout(stall, stallMs);
    }
    const end = await ended;
    signal?.throwIfAborted();
    if (stalled) throw new AudioFileError('broken', `The file was not decoded: nothing came for ${stallMs / 1000} s.`);
    if (end instanceof Error) throw missing(command, end);
    // What could be decoded of a damaged file is kept, as players do.
    if (end !== 0 && !heard) throw new AudioFileError('broken', `The file cannot be decoded: ${reasonIn(complaint)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
    kill();
  }
}

async function* toSamples(stream: AsyncIterable<Buffer>): AsyncGenerator<Float32Array> {
  let odd: Buffer = Buffer.alloc(0);
  for await (const piece of stream) {
    const bytes = odd.length > 0 ? Buffer.concat([odd, piece]) : piece;
    const count = Math.floor(bytes.length / 2);
    odd = bytes.subarray(2 * count);
    const samples = new Float32Array(count);
    for (let i = 0; i < count; i += 1) samples[i] = bytes.readInt16LE(2 * i) / 32_768;
    if (count > 0) yield samples;
  }
}

function missing(command: string, cause: Error): Error {
  if (!('code' in cause) || cause.code !== 'ENOENT') return cause;
  return new AudioFileError(
    'no_decoder',
    `${command} is needed for ${formatNames} and is not installed on the server: apt-get install ffmpeg (Debian, ` +
      'Ubuntu), apk add ffmpeg (Alpine) or brew install ffmpeg (macOS). A WAV file of 16 kHz, mono, 16 bit needs no ffmpeg.',
    { cause },
  );
}

/** ffmpeg's words without the path of the temporary file. */
const reasonIn = (complaint: string): string =>
  complaint
    .replaceAll(/\S*vexa-audio-\S*/g, 'the file')
    .replaceAll(/\[[^\]]*\] /g, '')
    .trim()
    .split('\n')
    .slice(0, 2)
    .join('; ') || 'it holds no audio';
