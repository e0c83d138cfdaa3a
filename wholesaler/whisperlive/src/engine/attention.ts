import { warp } from './dtw.ts';

/** What the decoder looks at when it is told what to write. */
export interface Alignment {
  /** [heads, rows, positions]: one row for every token it was told, the last being the end. */
  attention: Float32Array;
  heads: number;
  rows: number;
  positions: number;
  /** Of the text's tokens. */
  probabilities: Float32Array;
}

/** Width of the median filter along the audio, as openai/whisper has it. */
const filterWidth = 7;

/**
 * The position at which the decoder turns to each token of the text and to the end, in order (openai/whisper, timing.py).
 * `first` is the row that predicts the first of them.
 */
export function turnPositions({ attention, heads, rows, positions }: Alignment, first: number): Int32Array {
  const wanted = rows - 1 - first;
  const cost = new Float32Array(wanted * positions);
  const standard = new Float32Array(rows * positions);
  const filtered = new Float32Array(positions);
  for (let head = 0; head < heads; head += 1) {
    standardise(attention.subarray(head * rows * positions, (head + 1) * rows * positions), rows, positions, standard);
    for (let row = 0; row < wanted; row += 1) {
      medianFilter(standard.subarray((first + row) * positions, (first + row + 1) * positions), filtered);
      subtract(cost.subarray(row * positions, (row + 1) * positions), filtered);
    }
  }
  return warp(cost, wanted, positions);
}

function subtract(target: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i += 1) target[i] = (target[i] ?? 0) - (values[i] ?? 0);
}

/** Each position's attention over all tokens, to mean 0 and deviation 1. */
function standardise(weights: Float32Array, rows: number, columns: number, target: Float32Array): void {
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      const weight = weights[at] ?? 0;
      sums[column] = (sums[column] ?? 0) + weight;
      squares[column] = (squares[column] ?? 0) + weight * weight;
    }
  }
  const means = sums.map((sum) => sum / rows);
  const scales = squares.map((square, i) => 1 / (Math.sqrt(Math.max(0, square / rows - (means[i] ?? 0) ** 2)) || 1));
  for (let row = 0, at = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1, at += 1) {
      target[at] = ((weights[at] ?? 0) - (means[column] ?? 0)) * (scales[column] ?? 1);
    }
  }
}

const reach = (filterWidth - 1) / 2;
const window = new Float32Array(filterWidth);

/** The median of each value and its neighbours; beyond both ends the values are mirrored. */
export function medianFilter(values: Float32Array, target: Float32Array): void {
  const last = values.length - 1;
  const at = (i: number): number => {
    const inside = Math.abs(i);
    return values[Math.max(0, inside <= last ? inside : 2 * last - inside)] ?? 0;
  };
  for (let k = 0; k < filterWidth; k += 1) window[k] = at(k - reach);
  window.sort();
  for (let i = 0; i <= last; i += 1) {
    target[i] = window[reach] ?? 0;
    exchange(at(i - reach), at(i + reach + 1));
  }
}

/** Takes one value out of the sorted window and puts another in its place. */
function exchange(old: number, value: number): void {
  let i = window.indexOf(old);
  for (; i + 1 < filterWidth && (window[i + 1] ?? 0) < value; i += 1) window[i] = window[i + 1] ?? 0;
  for (; i > 0 && (window[i - 1] ?? 0) > value; i -= 1) window[i] = window[i - 1] ?? 0;
  window[i] = value;
}
