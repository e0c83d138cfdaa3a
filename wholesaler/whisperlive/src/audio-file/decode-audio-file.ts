import { readWavPieces, WavFormatError } from '../wav.ts';
import { AudioFileError } from './audio-file-error.ts';
import { decodeWithFfmpeg, type FfmpegOptions } from './ffmpeg.ts';
import { formatNames, sniffFormat } from './sniff-format.ts';

const pieceSamples = 32_768;

/**
 * The samples of an audio file at 16 kHz, mono, in pieces of any length. A WAV file that already has this form is read
 * here, everything else by ffmpeg. Throws `AudioFileError`.
 */
export async function* decodeAudioFile(bytes: Uint8Array, ffmpeg: FfmpegOptions): AsyncGenerator<Float32Array> {
  if (bytes.length === 0) throw new AudioFileError('empty', 'The file is empty.');
  const format = sniffFormat(bytes);
  if (!format) {
    throw new AudioFileError('unknown_format', `The file is in none of the supported formats: ${formatNames}.`);
  }
  const plain = format === 'wav' ? plainWav(bytes) : undefined;
  let heard = false;
  for await (const samples of plain ?? decodeWithFfmpeg(bytes, format, ffmpeg)) {
    if (samples.length === 0) continue;
    heard = true;
    yield samples;
  }
  if (!heard) throw new AudioFileError('empty', 'The file holds no audio.');
}

/** The samples of a WAV file that needs no conversion. */
function plainWav(bytes: Uint8Array): Iterable<Float32Array> | undefined {
  try {
    return readWavPieces(bytes, pieceSamples);
  } catch (error) {
    if (error instanceof WavFormatError) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AudioFileError('broken', `The file cannot be decoded: ${reason}.`, { cause: error });
  }
}
