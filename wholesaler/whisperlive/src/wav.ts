const pcm = 1;
const extensible = 0xfffe;

/** A WAV file with other samples than are read here. */
export class WavFormatError extends Error {
  override name = 'WavFormatError';
}

/**
 * The samples of a 16 kHz mono 16-bit PCM WAV file, in [-1, 1]. Throws `WavFormatError`, naming what is different, or an
 * error that says what is broken.
 */
export function readWav(bytes: Uint8Array): Float32Array {
  const { at, count } = findSamples(bytes);
  return convert(bytes, at, count);
}

/** The same in pieces of at most `pieceSamples`, so that other work can go on between them. Throws when it is made. */
export function readWavPieces(bytes: Uint8Array, pieceSamples: number): Iterable<Float32Array> {
  const { at, count } = findSamples(bytes);
  return {
    *[Symbol.iterator]() {
      for (let from = 0; from < count; from += pieceSamples) {
        yield convert(bytes, at + 2 * from, Math.min(pieceSamples, count - from));
      }
    },
  };
}

function convert(bytes: Uint8Array, at: number, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 2 * count);
  const samples = new Float32Array(count);
  for (let i = 0; i < count; i += 1) samples[i] = view.getInt16(2 * i, true) / 32_768;
  return samples;
}

/** Where the first sample is, in bytes, and how many there are; a length that goes past the end is cut. */
function findSamples(bytes: Uint8Array): { at: number; count: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || text(view, 0) !== 'RIFF' || text(view, 8) !== 'WAVE') throw new Error('this is no WAV file');
  let formatKnown = false;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (text(view, at) === 'fmt ') {
      if (body + 16 > bytes.length) break;
      checkFormat(view, body);
      formatKnown = true;
    }
    if (text(view, at) === 'data') {
      if (!formatKnown) throw new Error('the WAV file has no format before its samples');
      return { at: body, count: Math.floor(Math.min(size, bytes.length - body) / 2) };
    }
    at = body + size + (size % 2);
  }
  throw new Error('the WAV file holds no samples');
}

function checkFormat(view: DataView, at: number): void {
  const format = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if ((format === pcm || format === extensible) && channels === 1 && rate === 16_000 && bits === 16) return;
  throw new WavFormatError(
    `the WAV file has ${channels} channels of ${bits} bits at ${rate} Hz; 16 kHz mono 16-bit PCM is needed`,
  );
}

const text = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
