/** One step of an alignment; `reference` and `hypothesis` are positions in the two lists of words. */
export type Step =
  | { kind: 'same' | 'substituted'; reference: number; hypothesis: number }
  | { kind: 'deleted'; reference: number }
  | { kind: 'inserted'; hypothesis: number };

/**
 * Levenshtein alignment of two lists of normalised words, in order. Among equally good ones it takes that which matches
 * earliest, so that the beginning of a sentence is aligned with its beginning.
 */
export function alignWords(reference: readonly string[], hypothesis: readonly string[]): Step[] {
  const columns = hypothesis.length + 1;
  // Costs from each pair of positions to the end: a way from the beginning can then be read off forwards.
  const cost = new Int32Array((reference.length + 1) * columns);
  const at = (i: number, j: number): number => cost[i * columns + j] ?? 0;
  const same = (i: number, j: number): boolean => reference[i] === hypothesis[j];
  for (let i = reference.length; i >= 0; i -= 1) {
    for (let j = hypothesis.length; j >= 0; j -= 1) {
      let least = i === reference.length && j === hypothesis.length ? 0 : Number.MAX_SAFE_INTEGER;
      if (i < reference.length && j < hypothesis.length) least = at(i + 1, j + 1) + (same(i, j) ? 0 : 1);
      if (i < reference.length) least = Math.min(least, at(i + 1, j) + 1);
      if (j < hypothesis.length) least = Math.min(least, at(i, j + 1) + 1);
      cost[i * columns + j] = least;
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < reference.length || j < hypothesis.length) {
    const both = i < reference.length && j < hypothesis.length;
    if (both && at(i, j) === at(i + 1, j + 1) + (same(i, j) ? 0 : 1)) {
      steps.push({ kind: same(i, j) ? 'same' : 'substituted', reference: i, hypothesis: j });
      i += 1;
      j += 1;
    } else if (i < reference.length && at(i, j) === at(i + 1, j) + 1) {
      steps.push({ kind: 'deleted', reference: i });
      i += 1;
    } else {
      steps.push({ kind: 'inserted', hypothesis: j });
      j += 1;
    }
  }
  return steps;
}
