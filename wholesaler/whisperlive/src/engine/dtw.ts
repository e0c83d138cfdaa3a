/**
 * Dynamic time warping: the cheapest way through `cost` [rows, columns] from its first cell to its last, by steps of one
 * row, one column or both (as openai/whisper, timing.py). Returns for each row the first column that the way touches.
 */
export function warp(cost: Float32Array, rows: number, columns: number): Int32Array {
  const steps = bestSteps(cost, rows, columns);
  const first = new Int32Array(rows);
  let [row, column] = [rows - 1, columns - 1];
  while (row >= 0 && column >= 0) {
    first[row] = column;
    const step = steps[row * columns + column];
    if (step !== alongColumns) row -= 1;
    if (step !== alongRows) column -= 1;
  }
  return first;
}

const both = 0;
const alongRows = 1;
const alongColumns = 2;

/** The last step of the cheapest way to each cell; where ways cost the same, audio passes while the word stays. */
function bestSteps(cost: Float32Array, rows: number, columns: number): Uint8Array {
  const steps = new Uint8Array(rows * columns);
  let above = new Float64Array(columns + 1).fill(Number.POSITIVE_INFINITY);
  let current = new Float64Array(columns + 1);
  above[0] = 0;
  for (let row = 0; row < rows; row += 1) {
    current[0] = Number.POSITIVE_INFINITY;
    for (let column = 0; column < columns; column += 1) {
      const diagonal = above[column] ?? 0;
      const down = above[column + 1] ?? 0;
      const across = current[column] ?? 0;
      const least = Math.min(diagonal, down, across);
      const step = across === least ? alongColumns : diagonal === least ? both : alongRows;
      const at = row * columns + column;
      steps[at] = step;
      current[column + 1] = least + (cost[at] ?? 0);
    }
    [above, current] = [current, above];
  }
  return steps;
}
