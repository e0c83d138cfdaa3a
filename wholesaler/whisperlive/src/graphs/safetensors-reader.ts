import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { type ItemType, itemBytes, readAt, toFloat32 } from './tensor-bytes.ts';
import { huggingFaceNames, mayBeAbsent } from './weight-names.ts';
import { countLayers, type Matrix, type WeightSource } from './weight-source.ts';

export const safetensorsFile = 'model.safetensors';
export const safetensorsIndex = 'model.safetensors.index.json';

const lengthBytes = 8;
/** The format's own limit. */
const maxHeaderBytes = 100_000_000;
const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({ dtype: z.string(), shape: z.array(z.int().min(0)), data_offsets: z.tuple([z.int(), z.int()]) }),
    z.record(z.string(), z.string()),
  ]),
);
/** Shards lie beside their index: a path that leads elsewhere is refused. */
const shardName = z.string().regex(/^[\w][\w.-]*\.safetensors$/);
const indexSchema = z.object({ weight_map: z.record(z.string(), shardName) });
const typeByName: Record<string, ItemType> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };
const typeNames = Object.keys(typeByName).join(', ');

interface Stored {
  fd: number;
  shape: number[];
  /** Undefined for a type that no Whisper checkpoint uses. */
  type: ItemType | undefined;
  offset: number;
  bytes: number;
}

/** The files that hold the tensors, in a folder with `model.safetensors` or the index of a sharded one. */
export function safetensorsFiles(folder: string): string[] {
  if (existsSync(join(folder, safetensorsFile))) return [safetensorsFile];
  const index = join(folder, safetensorsIndex);
  try {
    const { weight_map: shards } = indexSchema.parse(JSON.parse(readFileSync(index, 'utf8')));
    return [...new Set(Object.values(shards))].toSorted();
  } catch (error) {
    throw new Error(`${index} names no shards`, { cause: error });
  }
}

/**
 * Reads a Hugging Face Whisper checkpoint: one safetensors file, or several. Of each only the index is kept; a tensor is
 * read when it is asked for. Throws when a file is cut short or is no safetensors file.
 */
export class SafetensorsModel implements WeightSource {
  readonly #fds: number[] = [];
  readonly #tensors = new Map<string, Stored>();

  constructor(folder: string) {
    try {
      for (const file of safetensorsFiles(folder)) this.#open(join(folder, file));
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  has(name: string): boolean {
    return huggingFaceNames(name).every((part) => this.#tensors.has(part) || mayBeAbsent(part));
  }

  shape(name: string): number[] {
    const parts = this.#parts(name);
    const [first] = parts.flatMap((part) => part ?? []);
    if (!first || parts.some((part) => part && String(part.shape) !== String(first.shape))) {
      throw new Error(`the model has no matching tensors ${this.describe(name)}`);
    }
    const [rows = 0, ...rest] = first.shape;
    return [rows * parts.length, ...rest];
  }

  tensor(name: string): Matrix {
    const shape = this.shape(name);
    const parts = this.#parts(name);
    if (parts.length === 1 && parts[0]) return { shape, data: read(parts[0]) };
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (const [i, part] of parts.entries()) if (part) data.set(read(part), (i * data.length) / parts.length);
    return { shape, data };
  }

  layers(side: 'encoder' | 'decoder'): number {
    return countLayers(this.#tensors.keys(), new RegExp(`^${side}\\.layers\\.(\\d+)\\.`));
  }

  describe(name: string): string {
    return huggingFaceNames(name)
      .filter((part) => !mayBeAbsent(part))
      .map((part) => `model.${part}`)
      .join(' + ');
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
  }

  #parts(name: string): (Stored | undefined)[] {
    return huggingFaceNames(name).map((part) => {
      const stored = this.#tensors.get(part);
      if (!stored && !mayBeAbsent(part)) throw new Error(`the model has no tensor model.${part}`);
      if (stored && !stored.type) throw new Error(`model.${part} is of none of the types ${typeNames}`);
      return stored;
    });
  }

  #open(path: string): void {
    const fd = openSync(path, 'r');
    this.#fds.push(fd);
    const { size } = fstatSync(fd);
    const { tensors, start } = readHeader(fd, size, path);
    for (const [
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ] of tensors) {
      if (begin < 0 || end < begin) throw new Error(`${path}: ${name} has no valid place`);
      if (start + end > size) {
        throw new Error(`${basename(path)} is cut short: it has ${size} bytes and ${name} ends at ${start + end}`);
      }
      const type = typeByName[dtype];
      const items = shape.reduce((product, length) => product * length, 1);
      if (type && items * itemBytes[type] !== end - begin) throw new Error(`${path}: ${name} has a wrong size`);
      const stored = { fd, shape, type, offset: start + begin, bytes: end - begin };
      this.#tensors.set(name.replace(/^model\./, ''), stored);
    }
  }
}

type TensorEntry = { dtype: string; shape: number[]; data_offsets: [number, number] };

function readHeader(fd: number, size: number, path: string): { tensors: [string, TensorEntry][]; start: number } {
  try {
    const length = Number(Buffer.from(readAt(fd, 0, lengthBytes)).readBigUInt64LE());
    if (length > maxHeaderBytes || lengthBytes + length > size) throw new Error(`a header of ${length} bytes`);
    const header = headerSchema.parse(JSON.parse(Buffer.from(readAt(fd, lengthBytes, length)).toString('utf8')));
    const tensors = Object.entries(header).flatMap(([name, entry]): [string, TensorEntry][] =>
      isTensor(entry) ? [[name, entry]] : [],
    );
    return { tensors, start: lengthBytes + length };
  } catch (error) {
    throw new Error(`${path} is no safetensors file, or its head is cut short`, { cause: error });
  }
}

const isTensor = (entry: TensorEntry | Record<string, string>): entry is TensorEntry => Array.isArray(entry.shape);

function read({ fd, offset, bytes, type = 'float32' }: Stored): Float32Array {
  return toFloat32(readAt(fd, offset, bytes), type);
}
