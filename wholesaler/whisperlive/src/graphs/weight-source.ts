export interface Matrix {
  shape: number[];
  data: Float32Array;
}

/** A model's tensors, whatever file holds them, under the names of `weight-names.ts`; each is read when asked for. */
export interface WeightSource extends Disposable {
  has(name: string): boolean;
  /** Costs no reading of the tensor. Throws when the model has no such tensor. */
  shape(name: string): number[];
  tensor(name: string): Matrix;
  /** How many layers the file names, complete or not. */
  layers(side: 'encoder' | 'decoder'): number;
  /** What the file itself calls a tensor, for messages. */
  describe(name: string): string;
}

/** One more than the highest layer number in the names that match; 0 when none does. */
export function countLayers(names: Iterable<string>, pattern: RegExp): number {
  let layers = 0;
  for (const name of names) layers = Math.max(layers, Number(pattern.exec(name)?.[1] ?? -1) + 1);
  return layers;
}
