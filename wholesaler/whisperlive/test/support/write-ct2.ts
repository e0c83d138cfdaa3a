import { writeFileSync } from 'node:fs';
import type { TestTensor } from './write-safetensors.ts';

const float16 = 4;

/** Writes a `model.bin` of CTranslate2's binary version 6, in float16: names and texts end in a zero byte that counts. */
export function writeCt2(path: string, tensors: ReadonlyMap<string, TestTensor>): void {
  const u32 = (...values: number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
  const text = (value: string): Buffer =>
    Buffer.concat([Buffer.from(Uint16Array.of(value.length + 1).buffer), Buffer.from(`${value}\0`)]);
  const variables = [...tensors].map(([name, { shape, data }]) => {
    const head = [text(name), Buffer.from([shape.length]), u32(...shape), Buffer.from([float16])];
    return Buffer.concat([...head, u32(data.length * 2), Buffer.from(new Float16Array(data).buffer)]);
  });
  writeFileSync(path, Buffer.concat([u32(6), text('WhisperSpec'), u32(3, tensors.size), ...variables, u32(0)]));
}
