import { judgeTurns, type Line } from './judge-names.ts';
import { judgeWords, type TurnHeard, wordErrors } from './judge-words.ts';
import type { Turn } from './plan-turns.ts';

/** What came out at the end of one way by which the turns of all rounds went. */
export interface Way {
  name: string;
  turns: TurnHeard[];
  /** Share of word errors in each round. */
  rounds: number[];
  /** Of the words that were recognised, those under the name of the one who said them; 0 to 1. */
  rightNames: number;
  named: number;
}

/** One transcript for each round of the plan. */
export function judgeWay(name: string, plan: readonly Turn[][], transcripts: readonly Line[][]): Way {
  const rounds = plan.map((turns, round) => ({ said: linesOf(turns), heard: transcripts[round] ?? [] }));
  const turns = rounds.map(({ said, heard }) => judgeWords(said.map(textOf), heard.map(textOf)));
  const names = rounds.map(({ said, heard }) => judgeTurns(said, heard));
  const named = names.reduce((sum, judged) => sum + judged.named, 0);
  const right = names.reduce((sum, judged) => sum + judged.rightNames * judged.named, 0);
  return {
    name,
    turns: turns.flat(),
    rounds: turns.map(wordErrors),
    rightNames: named === 0 ? 0 : right / named,
    named,
  };
}

export const linesOf = (turns: readonly Turn[]): Line[] =>
  turns.map(({ speaker, voice }) => ({ speaker, text: voice.reference }));

/** The turns of which more or fewer words were lost than on another way. */
export function othersThan(way: Way, other: Way): { more: number; marked: string }[] {
  return way.turns.flatMap(({ errors, marked }, at) => {
    const more = errors - (other.turns[at]?.errors ?? 0);
    return more === 0 ? [] : [{ more, marked }];
  });
}

const textOf = ({ text }: Line): string => text;
