import type { WhisperDimensions } from './whisper-weights.ts';

/**
 * The names the graphs know their tensors by are CTranslate2's: `<side>/[layer_<i>/]<module>/<parameter>`. Hugging Face
 * names the same modules as follows; where there are several, their rows are joined in this order.
 */
const layerModules: Record<string, readonly string[]> = {
  'self_attention/layer_norm': ['self_attn_layer_norm'],
  'self_attention/linear_0': ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj'],
  'self_attention/linear_1': ['self_attn.out_proj'],
  'attention/layer_norm': ['encoder_attn_layer_norm'],
  'attention/linear_0': ['encoder_attn.q_proj'],
  'attention/linear_1': ['encoder_attn.k_proj', 'encoder_attn.v_proj'],
  'attention/linear_2': ['encoder_attn.out_proj'],
  'ffn/layer_norm': ['final_layer_norm'],
  'ffn/linear_0': ['fc1'],
  'ffn/linear_1': ['fc2'],
};
const sideModules: Record<string, readonly string[]> = {
  conv1: ['conv1'],
  conv2: ['conv2'],
  position_encodings: ['embed_positions'],
  embeddings: ['embed_tokens'],
  layer_norm: ['layer_norm'],
};
const parameters: Record<string, string> = {
  weight: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  encodings: 'weight',
};

/** Without the leading `model.`, which only checkpoints with a language model head carry. */
export function huggingFaceNames(name: string): string[] {
  const [, side, layer, module = '', parameter = ''] =
    /^(encoder|decoder)\/(?:layer_(\d+)\/)?(.+)\/(\w+)$/.exec(name) ?? [];
  const modules = layer === undefined ? sideModules[module] : layerModules[module];
  if (!modules || !parameters[parameter]) throw new Error(`Whisper has no tensor ${name}`);
  const parent = layer === undefined ? side : `${side}.layers.${layer}`;
  return modules.map((part) => `${parent}.${part}.${parameters[parameter]}`);
}

/** Whisper's key projection has no bias; adding one to every key would not change what attention picks. */
export const mayBeAbsent = (huggingFaceName: string): boolean => huggingFaceName.endsWith('.k_proj.bias');

/** 30 s of audio, after the second convolution has halved the 10 ms frames. */
const audioPositions = 1500;
const textPositions = 448;
const kernel = 3;

/** Every tensor the graphs read, with the shape it must have. */
export function expectedShapes(dims: WhisperDimensions): Map<string, number[]> {
  const { width, vocabulary, melBins } = dims;
  const shapes = new Map<string, number[]>([
    ['encoder/conv1/weight', [width, melBins, kernel]],
    ['encoder/conv1/bias', [width]],
    ['encoder/conv2/weight', [width, width, kernel]],
    ['encoder/conv2/bias', [width]],
    ['encoder/position_encodings/encodings', [audioPositions, width]],
    ['decoder/position_encodings/encodings', [textPositions, width]],
    ['decoder/embeddings/weight', [vocabulary, width]],
  ]);
  const norm = (name: string): void => {
    for (const parameter of ['gamma', 'beta']) shapes.set(`${name}/${parameter}`, [width]);
  };
  const dense = (name: string, rows: number, columns = width): void => {
    shapes.set(`${name}/weight`, [rows, columns]);
    shapes.set(`${name}/bias`, [rows]);
  };
  for (const side of ['encoder', 'decoder'] as const) {
    norm(`${side}/layer_norm`);
    for (let i = 0; i < dims[`${side}Layers`]; i += 1) {
      const layer = `${side}/layer_${i}`;
      norm(`${layer}/self_attention/layer_norm`);
      dense(`${layer}/self_attention/linear_0`, 3 * width);
      dense(`${layer}/self_attention/linear_1`, width);
      norm(`${layer}/ffn/layer_norm`);
      dense(`${layer}/ffn/linear_0`, 4 * width);
      dense(`${layer}/ffn/linear_1`, width, 4 * width);
      if (side === 'encoder') continue;
      norm(`${layer}/attention/layer_norm`);
      dense(`${layer}/attention/linear_0`, width);
      dense(`${layer}/attention/linear_1`, 2 * width);
      dense(`${layer}/attention/linear_2`, width);
    }
  }
  return shapes;
}
