import { deflateSync } from 'node:zlib';

/** Bytes of a text over its bytes deflated, as openai/whisper measures repetition: ordinary sentences stay below 2. */
export function compressionRatio(text: string): number {
  const bytes = Buffer.from(text);
  return bytes.length === 0 ? 1 : bytes.length / deflateSync(bytes).length;
}
