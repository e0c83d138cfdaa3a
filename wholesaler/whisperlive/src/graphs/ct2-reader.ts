import { closeSync, openSync } from 'node:fs';
import { type ItemType, itemBytes, readAt, toFloat32 } from './tensor-bytes.ts';
import { countLayers, type Matrix, type WeightSource } from './weight-source.ts';

/** One variable of a CTranslate2 model file, not yet read. */
interface Variable {
  shape: number[];
  type: ItemType;
  offset: number;
  bytes: number;
}

const typeByCode = ['float32', 'int8', 'int16', 'int32', 'float16', 'bfloat16'] as const;
const supportedVersion = 6;
const maxRank = 8;

/**
 * Reads a CTranslate2 `model.bin` (binary version 6). Only the index is kept; each tensor is read from the file when it
 * is asked for, so that a model of any size costs one tensor of memory at a time.
 */
export class Ct2File implements WeightSource {
  readonly #fd: number;
  readonly #variables = new Map<string, Variable>();

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    try {
      this.#readIndex();
    } catch (error) {
      closeSync(this.#fd);
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${path} is not a CTranslate2 model of version ${supportedVersion}: ${why}`, { cause: error });
    }
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }

  shape(name: string): number[] {
    return this.#variable(name).shape;
  }

  layers(side: 'encoder' | 'decoder'): number {
    return countLayers(this.#variables.keys(), new RegExp(`^${side}/layer_(\\d+)/`));
  }

  describe(name: string): string {
    return name;
  }

  /** The tensor as float32, dequantised by its `<name>_scale` when it is stored as int8. */
  tensor(name: string): Matrix {
    const variable = this.#variable(name);
    const bytes = this.#read(variable.offset, variable.bytes);
    const data = toFloat32(bytes, variable.type);
    if (variable.type === 'int8') scaleRows(data, this.tensor(`${name}_scale`).data);
    return { shape: variable.shape, data };
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #readIndex(): void {
    const cursor = new Cursor((offset, length) => this.#read(offset, length));
    const version = cursor.unsigned(4);
    if (version !== supportedVersion) throw new Error(`binary version ${version}`);
    cursor.text();
    cursor.unsigned(4);
    for (let left = cursor.unsigned(4); left > 0; left -= 1) {
      const name = cursor.text();
      const rank = cursor.unsigned(1);
      if (rank > maxRank) throw new Error(`${name} has rank ${rank}`);
      const shape = Array.from({ length: rank }, () => cursor.unsigned(4));
      const type = typeByCode[cursor.unsigned(1)];
      const bytes = cursor.unsigned(4);
      const items = shape.reduce((product, size) => product * size, 1);
      if (!type || items * itemBytes[type] !== bytes) throw new Error(`${name} has a wrong size`);
      this.#variables.set(name, { shape, type, offset: cursor.offset, bytes });
      cursor.offset += bytes;
    }
    for (let left = cursor.unsigned(4); left > 0; left -= 1) {
      const alias = cursor.text();
      const target = this.#variables.get(cursor.text());
      if (target) this.#variables.set(alias, target);
    }
  }

  #variable(name: string): Variable {
    const variable = this.#variables.get(name);
    if (!variable) throw new Error(`the model has no tensor ${name}`);
    return variable;
  }

  #read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return readAt(this.#fd, offset, length);
  }
}

class Cursor {
  offset = 0;
  readonly #read: (offset: number, length: number) => Uint8Array<ArrayBuffer>;

  constructor(read: (offset: number, length: number) => Uint8Array<ArrayBuffer>) {
    this.#read = read;
  }

  unsigned(bytes: 1 | 2 | 4): number {
    return Buffer.from(this.#take(bytes)).readUIntLE(0, bytes);
  }

  /** Length-prefixed, with a closing zero byte that counts. */
  text(): string {
    const length = this.unsigned(2);
    return Buffer.from(this.#take(length)).toString('utf8', 0, Math.max(0, length - 1));
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#read(this.offset, length);
    this.offset += length;
    return bytes;
  }
}

function scaleRows(data: Float32Array, scales: Float32Array): void {
  const width = data.length / scales.length;
  for (let i = 0; i < data.length; i += 1) data[i] = (data[i] ?? 0) / (scales[Math.floor(i / width)] ?? 1);
}
