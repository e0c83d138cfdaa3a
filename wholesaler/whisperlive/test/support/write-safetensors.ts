import { writeFileSync } from 'node:fs';

export interface TestTensor {
  shape: number[];
  data: Float32Array;
}

export type StoredType = 'F32' | 'F16' | 'BF16';

const convert: Record<StoredType, (data: Float32Array) => ArrayBufferView> = {
  F32: (data) => data,
  F16: (data) => new Float16Array(data),
  BF16: (data) => {
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    // To nearest, ties to even.
    const halves = new Uint16Array(bits.length);
    for (let i = 0; i < bits.length; i += 1) {
      const word = bits[i] ?? 0;
      halves[i] = (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
    }
    return halves;
  },
};

/** Writes a safetensors file as the Hugging Face's own library does: sizes, JSON index padded with spaces, tensors. */
export function writeSafetensors(path: string, tensors: ReadonlyMap<string, TestTensor>, dtype: StoredType): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const chunks: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    const { buffer, byteOffset, byteLength } = convert[dtype](data);
    header[name] = { dtype, shape, data_offsets: [offset, offset + byteLength] };
    chunks.push(new Uint8Array(buffer, byteOffset, byteLength));
    offset += byteLength;
  }
  const json = JSON.stringify(header);
  const padded = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  writeFileSync(path, Buffer.concat([size, padded, ...chunks]));
}
