import { writeFileSync } from 'node:fs';
import onnxProto from 'onnx-proto';
import { type ElementType, elementType, type FloatType, type WeightFile } from './weight-file.ts';

const { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } = onnxProto.onnx;
type Node = InstanceType<typeof NodeProto>;
type Attribute = InstanceType<typeof AttributeProto>;
export type Subgraph = InstanceType<typeof GraphProto>;
type ValueInfo = InstanceType<typeof ValueInfoProto>;

const attributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, ints: 7 } as const;
const irVersion = 8;
const opsetVersion = 17;

export type AttributeValue = number | number[] | string | { float: number } | { graph: Subgraph } | { zero: FloatType };
export type Attributes = Record<string, AttributeValue>;

/** The domain of ONNX Runtime's own operators. */
const runtimeDomain = 'com.microsoft';
const runtimeOperators = new Set(['DynamicQuantizeMatMul', 'FusedMatMul', 'Gelu']);

/** Collects the nodes of one ONNX graph (or loop body); tensors go to the weight file shared by all of them. */
export class GraphBuilder {
  readonly weights: WeightFile;
  readonly #prefix: string;
  readonly #nodes: Node[] = [];
  #count = 0;

  constructor(weights: WeightFile, prefix: string) {
    this.weights = weights;
    this.#prefix = prefix;
  }

  /** Adds a node with one output, of a fresh name, and returns that name. */
  op(type: string, inputs: string[], attributes: Attributes = {}): string {
    const output = this.#name(type.toLowerCase());
    this.named(type, inputs, [output], attributes);
    return output;
  }

  /** Adds a node with `count` outputs. */
  split(type: string, inputs: string[], count: number, attributes: Attributes = {}): string[] {
    const outputs = Array.from({ length: count }, () => this.#name(type.toLowerCase()));
    this.named(type, inputs, outputs, attributes);
    return outputs;
  }

  /** Adds a node whose outputs carry given names, as the outputs of a graph must. */
  named(type: string, inputs: string[], outputs: string[], attributes: Attributes = {}): void {
    this.#nodes.push(
      NodeProto.create({
        opType: type,
        name: this.#name(`n_${type}`),
        domain: runtimeOperators.has(type) ? runtimeDomain : '',
        input: inputs,
        output: outputs,
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
  }

  /** What the model's own numbers are computed in; inputs and outputs of a graph are float32 all the same. */
  get floatType(): FloatType {
    return this.weights.floatType;
  }

  /** A tensor of the model, in its float type. `make` runs only when the tensor is not stored yet. */
  float(name: string, dims: number[], make: () => Float32Array): string {
    if (this.weights.has(name)) return name;
    const data = make();
    this.weights.add(name, this.floatType, dims, bytesOf(this.floatType === 'float16' ? new Float16Array(data) : data));
    return name;
  }

  /** A tensor that is float32 whatever the model's float type. */
  float32(name: string, dims: number[], make: () => Float32Array): string {
    if (!this.weights.has(name)) this.weights.add(name, 'float32', dims, bytesOf(make()));
    return name;
  }

  /** From float32, as inputs, scores and constants are, into the model's float type. */
  toModel(x: string): string {
    return this.floatType === 'float32' ? x : this.op('Cast', [x], { to: elementType[this.floatType] });
  }

  /** From the model's float type into float32; `output` names the result. */
  fromModel(x: string, output?: string): string {
    if (!output) return this.floatType === 'float32' ? x : this.op('Cast', [x], { to: elementType.float32 });
    this.named('Cast', [x], [output], { to: elementType.float32 });
    return output;
  }

  int8(name: string, dims: number[], data: Int8Array): string {
    this.weights.add(name, 'int8', dims, bytesOf(data));
    return name;
  }

  /** An int64 constant: a list is a vector, a number a 0-d tensor. */
  int(value: number | number[]): string {
    const list = [value].flat();
    const name = `k_int_${Array.isArray(value) ? 'v' : 's'}_${list.join('_')}`;
    this.weights.add(name, 'int64', dimsOf(value), bytesOf(BigInt64Array.from(list, BigInt)));
    return name;
  }

  /** A 0-d float32 constant. */
  scalar(value: number): string {
    this.weights.add(`k_float_${value}`, 'float32', [], bytesOf(Float32Array.of(value)));
    return `k_float_${value}`;
  }

  boolean(value: boolean): string {
    this.weights.add(`k_bool_${value}`, 'bool', [], Uint8Array.of(value ? 1 : 0));
    return `k_bool_${value}`;
  }

  finish(name: string, inputs: ValueInfo[], outputs: ValueInfo[]): Subgraph {
    return GraphProto.create({ name, node: this.#nodes, input: inputs, output: outputs });
  }

  #name(base: string): string {
    this.#count += 1;
    return `${this.#prefix}_${base}_${this.#count}`;
  }
}

/** A graph's input or output: named dimensions are free. */
export function value(name: string, type: ElementType, dims: (number | string)[]): ValueInfo {
  const dim = dims.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return ValueInfoProto.create({ name, type: { tensorType: { elemType: elementType[type], shape: { dim } } } });
}

/** Writes the `.onnx` file with what it uses of the weights, which must already be on disk beside it. */
export function writeModel(path: string, graph: Subgraph, weights: WeightFile): void {
  const used = namesUsed(graph);
  graph.initializer = weights.initializers.filter(({ name }) => used.has(name));
  const model = ModelProto.create({
    irVersion,
    producerName: 'vexa',
    graph,
    opsetImport: [
      { domain: '', version: opsetVersion },
      { domain: runtimeDomain, version: 1 },
    ],
  });
  writeFileSync(path, ModelProto.encode(model).finish());
}

function namesUsed({ node }: Pick<Subgraph, 'node'>, names = new Set<string>()): Set<string> {
  for (const { input, attribute: attributes } of node ?? []) {
    for (const name of input ?? []) names.add(name);
    for (const { g } of attributes ?? []) if (g) namesUsed({ node: g.node ?? [] }, names);
  }
  return names;
}

function attribute(name: string, content: AttributeValue): Attribute {
  if (typeof content === 'number') return AttributeProto.create({ name, type: attributeType.int, i: content });
  if (typeof content === 'string') {
    return AttributeProto.create({ name, type: attributeType.string, s: Buffer.from(content) });
  }
  if (Array.isArray(content)) return AttributeProto.create({ name, type: attributeType.ints, ints: content });
  if ('float' in content) return AttributeProto.create({ name, type: attributeType.float, f: content.float });
  if ('graph' in content) return AttributeProto.create({ name, type: attributeType.graph, g: content.graph });
  const t = TensorProto.create({
    dims: [1],
    dataType: elementType[content.zero],
    rawData: new Uint8Array(floatBytes[content.zero]),
  });
  return AttributeProto.create({ name, type: attributeType.tensor, t });
}

const floatBytes = { float32: 4, float16: 2 } as const;
const dimsOf = (content: number | number[]): number[] => (Array.isArray(content) ? [content.length] : []);

function bytesOf(data: Float32Array | Float16Array | Int8Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
