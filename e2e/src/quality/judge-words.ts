import { alignWords } from '@vexa/load-tester/align-words';
import { normaliseWords } from '@vexa/shared/testing/word-error-rate';

/** What became of one turn's words. */
export interface TurnHeard {
  words: number;
  errors: number;
  /** Its words, with what was heard instead: `the [small→smart] dog`, `[small→]` for none, `[→so]` for one too many. */
  marked: string;
}

/** The words of turns in the order in which they were said, against a transcript in its order. */
export function judgeWords(said: readonly string[], heard: readonly string[]): TurnHeard[] {
  const wanted = said.flatMap((text, turn) => normaliseWords(text).map((word) => ({ word, turn })));
  const got = heard.flatMap(normaliseWords);
  const turns = said.map((text) => ({ words: normaliseWords(text).length, errors: 0, marked: [] as string[] }));
  let current = 0;
  for (const step of alignWords(
    wanted.map(({ word }) => word),
    got,
  )) {
    const reference = 'reference' in step ? wanted[step.reference] : undefined;
    const instead = 'hypothesis' in step ? (got[step.hypothesis] ?? '') : '';
    // A word too many belongs to the turn of the word before it.
    current = reference?.turn ?? current;
    const turn = turns[current];
    if (!turn) continue;
    if (step.kind !== 'same') turn.errors += 1;
    turn.marked.push(step.kind === 'same' ? instead : `[${reference?.word ?? ''}→${instead}]`);
  }
  return turns.map((turn) => ({ ...turn, marked: turn.marked.join(' ') }));
}

/** Word errors of all turns together, as a share of their words. */
export function wordErrors(turns: readonly TurnHeard[]): number {
  return sumOf(turns, ({ errors }) => errors) / sumOf(turns, ({ words }) => words);
}

export interface Difference {
  /** How much larger the share of word errors is on the first way; negative: smaller. */
  more: number;
  /** So much of it may be chance, either way: 95 % of such measurements would be this near the truth. */
  give: number;
}

/** Two ways of the same turns: each turn is compared with itself, since most of the errors are the recording's. */
export function compareWays(one: readonly TurnHeard[], other: readonly TurnHeard[]): Difference {
  const words = sumOf(other, (turn) => turn.words);
  const more = one.map(({ errors }, at) => errors - (other[at]?.errors ?? 0));
  const mean = sumOf(more, (errors) => errors) / more.length;
  const variance = sumOf(more, (errors) => (errors - mean) ** 2) / Math.max(1, more.length - 1);
  return { more: (mean * more.length) / words, give: (1.96 * Math.sqrt(variance * more.length)) / words };
}

const sumOf = <T>(items: readonly T[], pick: (item: T) => number): number =>
  items.reduce((total, item) => total + pick(item), 0);
