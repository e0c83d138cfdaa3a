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
      for (let at = 0; at < positions; at += 1) {
        cost[row * positions + at] = (cost[row * positions + at] ?? 0) - (filtered[at] ?? 0) / heads;
      }
    }
  }
  return warp(cost, wanted, positions);
}

/** Each position's attention over all tokens, to mean 0 and deviation 1. */
function standardise(weights: Float32Array, rows: number, columns: number, target: Float32Array): void {
  for (let column = 0; column < columns; column += 1) {
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row += 1) sum += weights[row * columns + column] ?? 0;
    const mean = sum / rows;
    for (let row = 0; row < rows; row += 1) squares += ((weights[row * columns + column] ?? 0) - mean) ** 2;
    const deviation = Math.sqrt(squares / rows) || 1;
    for (let row = 0; row < rows; row += 1) {
      target[row * columns + column] = ((weights[row * columns + column] ?? 0) - mean) / deviation;
    }
  }
}

const reach = (filterWidth - 1) / 2;
const sorted = new Float32Array(filterWidth);

/** The median of each value and its neighbours; beyond both ends the values are mirrored. */
export function medianFilter(values: Float32Array, target: Float32Array): void {
  const last = values.length - 1;
  for (let i = 0; i <= last; i += 1) {
    for (let k = 0; k < filterWidth; k += 1) {
      const at = Math.abs(i + k - reach);
      insert(values[Math.max(0, at <= last ? at : 2 * last - at)] ?? 0, k);
    }
    target[i] = sorted[reach] ?? 0;
  }
}

/** Into the first `count` of `sorted`, which stay sorted. */
function insert(value: number, count: number): void {
  let at = count;
  while (at > 0 && (sorted[at - 1] ?? 0) > value) {
    sorted[at] = sorted[at - 1] ?? 0;
    at -= 1;
  }
  sorted[at] = value;
}
