import { readSync } from 'node:fs';

export const itemBytes = { float32: 4, int8: 1, int16: 2, int32: 4, float16: 2, bfloat16: 2 } as const;
export type ItemType = keyof typeof itemBytes;

/** Throws when the file has fewer bytes. */
export function readAt(fd: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const got = readSync(fd, bytes, done, length - done, offset + done);
    if (got === 0) throw new Error('the file ends too early');
    done += got;
  }
  return bytes;
}

export function toFloat32(bytes: Uint8Array<ArrayBuffer>, type: ItemType): Float32Array {
  switch (type) {
    case 'float32':
      return new Float32Array(bytes.buffer);
    case 'float16':
      return new Float32Array(new Float16Array(bytes.buffer));
    case 'bfloat16':
      return new Float32Array(upperHalves(new Uint16Array(bytes.buffer)));
    case 'int8':
      return new Float32Array(new Int8Array(bytes.buffer));
    case 'int16':
      return new Float32Array(new Int16Array(bytes.buffer));
    case 'int32':
      return new Float32Array(new Int32Array(bytes.buffer));
  }
}

/** A bfloat16 is the upper half of a float32. A loop, as `Uint32Array.from` takes thirty times as long. */
function upperHalves(halves: Uint16Array): ArrayBuffer {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) words[i] = (halves[i] ?? 0) << 16;
  return words.buffer;
}
