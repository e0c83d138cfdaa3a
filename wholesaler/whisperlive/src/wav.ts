const pcm = 1;
const extensible = 0xfffe;

/** The samples of a 16 kHz mono 16-bit PCM WAV file, in [-1, 1]. Throws, naming what is different. */
export function readWav(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || text(view, 0) !== 'RIFF' || text(view, 8) !== 'WAVE') throw new Error('this is no WAV file');
  let formatKnown = false;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (text(view, at) === 'fmt ') {
      checkFormat(view, body);
      formatKnown = true;
    }
    if (text(view, at) === 'data') {
      if (!formatKnown) throw new Error('the WAV file has no format before its samples');
      const count = Math.floor(Math.min(size, bytes.length - body) / 2);
      return Float32Array.from({ length: count }, (_, i) => view.getInt16(body + 2 * i, true) / 32_768);
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
  throw new Error(
    `the WAV file has ${channels} channels of ${bits} bits at ${rate} Hz; 16 kHz mono 16-bit PCM is needed`,
  );
}

const text = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
