import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Ct2File } from './ct2-reader.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'vexa-ct2-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from(Uint16Array.of(value.length + 1).buffer), Buffer.from(`${value}\0`)]);
const variable = (name: string, shape: number[], type: number, data: ArrayBuffer): Buffer =>
  Buffer.concat([
    text(name),
    Buffer.from([shape.length]),
    ...shape.map(u32),
    Buffer.from([type]),
    u32(data.byteLength),
    Buffer.from(data),
  ]);

function tinyModel(): Buffer {
  return Buffer.concat([
    u32(6),
    text('WhisperSpec'),
    u32(3),
    u32(4),
    variable('a', [2, 2], 0, Float32Array.of(1, 2, 3, 4).buffer),
    variable('half', [2], 4, Float16Array.of(0.5, -2).buffer),
    variable('q', [2, 2], 1, Int8Array.of(10, 20, -30, 40).buffer),
    variable('q_scale', [2], 0, Float32Array.of(10, 20).buffer),
    u32(1),
    text('alias'),
    text('a'),
  ]);
}

function write(bytes: Buffer): string {
  const path = join(dir, 'model.bin');
  writeFileSync(path, bytes);
  return path;
}

test('tensors of every stored type come back as floats, int8 by its row scales', () => {
  using file = new Ct2File(write(tinyModel()));
  expect(file.tensor('a')).toEqual({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  expect(file.tensor('alias')).toEqual(file.tensor('a'));
  expect(file.tensor('half').data).toEqual(Float32Array.of(0.5, -2));
  expect(file.tensor('q').data).toEqual(Float32Array.of(1, 2, -1.5, 2));
  expect(() => file.tensor('missing')).toThrow('missing');
});

test('a file of another kind or a cut one is refused', () => {
  expect(() => new Ct2File(write(Buffer.from('not a model at all')))).toThrow('not a CTranslate2 model');
  expect(() => new Ct2File(write(tinyModel().subarray(0, 40)))).toThrow('not a CTranslate2 model');
});
