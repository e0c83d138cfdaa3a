/** Word errors of a hypothesis against a reference (Levenshtein over normalised words). `wer` = errors / words. */
export interface WordErrors {
  errors: number;
  words: number;
  wer: number;
  inserted: number;
  deleted: number;
  substituted: number;
}

/** Spellings that mean the same, so that a transcript is not punished for writing "Mr." where the reference has "mister". */
const spellings = new Map([
  ['mister', 'mr'],
  ['missus', 'mrs'],
  ['doctor', 'dr'],
  ['okay', 'ok'],
]);

/** Lower case, no punctuation (apostrophes inside words stay out too), one spelling for common abbreviations. */
export const normaliseWords = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll(/['’]/g, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map((word) => spellings.get(word) ?? word);

interface Cell {
  errors: number;
  inserted: number;
  deleted: number;
  substituted: number;
}

export function wordErrorRate(reference: string, hypothesis: string): WordErrors {
  const wanted = normaliseWords(reference);
  const got = normaliseWords(hypothesis);
  let row: Cell[] = Array.from({ length: got.length + 1 }, (_, j) => ({
    errors: j,
    inserted: j,
    deleted: 0,
    substituted: 0,
  }));
  for (const word of wanted) {
    const above = row;
    const first = above[0] ?? { errors: 0, inserted: 0, deleted: 0, substituted: 0 };
    row = [{ ...first, errors: first.errors + 1, deleted: first.deleted + 1 }];
    for (const [j, candidate] of got.entries()) row.push(best(above[j], above[j + 1], row[j], word === candidate));
  }
  const end = row[got.length] ?? { errors: 0, inserted: 0, deleted: 0, substituted: 0 };
  return { ...end, words: wanted.length, wer: wanted.length === 0 ? 0 : end.errors / wanted.length };
}

function best(diagonal: Cell | undefined, up: Cell | undefined, left: Cell | undefined, same: boolean): Cell {
  if (!diagonal || !up || !left) throw new Error('the table is complete up to here');
  if (same) return diagonal;
  const least = Math.min(diagonal.errors, up.errors, left.errors);
  if (least === diagonal.errors) {
    return { ...diagonal, errors: least + 1, substituted: diagonal.substituted + 1 };
  }
  if (least === up.errors) return { ...up, errors: least + 1, deleted: up.deleted + 1 };
  return { ...left, errors: least + 1, inserted: left.inserted + 1 };
}
