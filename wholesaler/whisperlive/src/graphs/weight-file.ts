import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import onnxProto from 'onnx-proto';

const { TensorProto } = onnxProto.onnx;
export type TensorProtoShape = InstanceType<typeof TensorProto>;

/** Small tensors stay in the graph, where the runtime can fold them; the others are mapped from the weight file. */
const inlineBytes = 1024;
const alignment = 4096;

export const elementType = { float32: 1, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type ElementType = keyof typeof elementType;
/** What a graph's floating-point weights are stored as and what it computes in. */
export type FloatType = 'float32' | 'float16';

/** Writes a graph's tensors next to it as ONNX external data, each once by name, holding none in memory. */
export class WeightFile implements Disposable {
  readonly initializers: TensorProtoShape[] = [];
  readonly floatType: FloatType;
  readonly #names = new Set<string>();
  readonly #location: string;
  readonly #fd: number;
  #offset = 0;

  constructor(path: string, floatType: FloatType = 'float32') {
    this.floatType = floatType;
    this.#location = basename(path);
    this.#fd = openSync(path, 'w');
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  add(name: string, type: ElementType, dims: number[], data: Uint8Array): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const tensor = { name, dims, dataType: elementType[type] };
    if (data.byteLength < inlineBytes) {
      this.initializers.push(TensorProto.create({ ...tensor, rawData: data.slice() }));
      return;
    }
    const externalData = [
      { key: 'location', value: this.#location },
      { key: 'offset', value: String(this.#offset) },
      { key: 'length', value: String(data.byteLength) },
    ];
    this.initializers.push(TensorProto.create({ ...tensor, dataLocation: 1, externalData }));
    this.#write(data);
    this.#write(new Uint8Array((alignment - (this.#offset % alignment)) % alignment));
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #write(data: Uint8Array): void {
    let done = 0;
    while (done < data.byteLength) done += writeSync(this.#fd, data, done, data.byteLength - done, this.#offset + done);
    this.#offset += done;
  }
}
