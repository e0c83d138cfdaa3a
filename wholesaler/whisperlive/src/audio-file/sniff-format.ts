/** Formats that are decoded, by the name of ffmpeg's demuxer. */
export type AudioFormat = 'wav' | 'mp3' | 'aac' | 'ogg' | 'matroska' | 'mov' | 'flac';

/** The names people know the formats by. */
export const formatNames = 'wav, mp3, ogg, webm, m4a, mp4, aac, flac';

/**
 * The format by the first bytes; names and media types sent with a file are not believed. Undefined for anything else,
 * so that no playlist or script ever reaches a decoder that would follow it.
 */
export function sniffFormat(bytes: Uint8Array): AudioFormat | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WAVE') return 'wav';
  if (text(0, 4) === 'OggS') return 'ogg';
  if (text(0, 4) === 'fLaC') return 'flac';
  if (text(4, 8) === 'ftyp') return 'mov';
  if (text(0, 3) === 'ID3') return 'mp3';
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (first === 0x1a && second === 0x45 && third === 0xdf && fourth === 0xa3) return 'matroska';
  if (first !== 0xff) return undefined;
  // An MPEG audio frame: eleven bits of sync, then version and layer; layer 0 is AAC in ADTS.
  if ((second & 0xf6) === 0xf0) return 'aac';
  return (second & 0xe0) === 0xe0 && (second & 0x06) !== 0 ? 'mp3' : undefined;
}
