import type { SpokenWord } from '@vexa/shared/contracts/stream-messages';
import { z } from 'zod';
import { overlapOf, type SpeakerTurn } from './speaker-turns.ts';

export const TimedWord = z.object({ text: z.string(), start: z.number(), end: z.number() });
export type TimedWord = z.infer<typeof TimedWord>;

/** What one person said of a segment. */
export interface SpokenPart {
  /** Which word of the segment it begins with: 0 for the first part. */
  at: number;
  start: number;
  end: number;
  text: string;
  speaker: string | null;
}

interface Splittable {
  start: number;
  end: number;
  words: readonly TimedWord[];
}

/** Seconds that the speaker's turn may miss of a word before it is rather somebody else's. */
const changeCost = 0.4;
/** People mostly take turns in pauses and at the ends of sentences. */
const longestPause = 0.3;
const sentenceEndWorth = 0.1;
const shortestWord = 0.1;
/** Tiles light up a little late, so a turn may begin just after its words. */
export const reach = 0.3;

/**
 * Cuts a segment where another person goes on speaking: the cheapest way to give each word to one of those whose turns
 * are near it, where a word costs what the turn does not cover of it, and each change of speaker costs too. Undefined
 * when all of it is one person's, or nobody's.
 */
export function splitBySpeaker(
  { start, end, words }: Splittable,
  turns: readonly SpeakerTurn[],
): SpokenPart[] | undefined {
  const near = turns.filter((turn) => overlapOf(turn, { start, end }) > -reach);
  const byPerson = [...Map.groupBy(near, ({ participantId }) => participantId).values()];
  if (byPerson.length < 2 || words.length < 2) return undefined;
  // Of those who fit a word equally, whoever spoke most of the segment has it.
  const people = byPerson
    .map((own) => ({ own, seconds: covered(own, { start, end }) }))
    .sort((a, b) => b.seconds - a.seconds || (key(a.own) < key(b.own) ? -1 : 1))
    .map(({ own }) => own);
  const said = cheapest(words, people);
  const starts = said.flatMap((person, at) => (person === said[at - 1] ? [] : [at]));
  if (starts.length < 2) return undefined;
  return starts.map((at, part) => {
    const next = starts[part + 1];
    const own = words.slice(at, next);
    const times = {
      start: at === 0 ? start : (own[0]?.start ?? start),
      end: next === undefined ? end : (own.at(-1)?.end ?? end),
    };
    const turn = people[said[at] ?? 0] ?? [];
    return { at, ...times, text: textOf(own), speaker: nameIn(turn, times) };
  });
}

/** The text of words that carry their spaces. */
export const textOf = (words: readonly Pick<SpokenWord, 'text'>[]): string =>
  words
    .map(({ text }) => text)
    .join('')
    .trim();

const key = (turns: readonly SpeakerTurn[]): string => turns[0]?.participantId ?? '';

/** Somebody may have changed their name within the segment. */
function nameIn(turns: readonly SpeakerTurn[], times: { start: number; end: number }): string | null {
  const [most] = [...turns].sort((a, b) => overlapOf(b, times) - overlapOf(a, times));
  return most?.name ?? null;
}

const covered = (turns: readonly SpeakerTurn[], times: { start: number; end: number }): number =>
  turns.reduce((sum, turn) => sum + Math.max(0, overlapOf(turn, times)), 0);

/** For each word the index of whose it is: dynamic programming over the words, one state for each person. */
function cheapest(words: readonly TimedWord[], people: readonly SpeakerTurn[][]): number[] {
  let costs = people.map(() => 0);
  const came: number[][] = [];
  for (const [at, word] of words.entries()) {
    const before = words[at - 1];
    const change = before ? costOfChange(before, word) : 0;
    const least = indexOfLeast(costs);
    const from = costs.map((cost, person) => (cost <= (costs[least] ?? 0) + change ? person : least));
    costs = people.map((turns, person) => {
      const former = from[person] ?? person;
      return (costs[former] ?? 0) + (former === person ? 0 : change) + uncovered(turns, word);
    });
    came.push(from);
  }
  const said: number[] = [];
  for (let at = words.length - 1, person = indexOfLeast(costs); at >= 0; at -= 1) {
    said.unshift(person);
    person = came[at]?.[person] ?? person;
  }
  return said;
}

const indexOfLeast = (costs: readonly number[]): number => costs.indexOf(Math.min(...costs));

function uncovered(turns: readonly SpeakerTurn[], { start, end }: TimedWord): number {
  const times = { start, end: Math.max(end, start + shortestWord) };
  return Math.max(0, times.end - times.start - covered(turns, times));
}

function costOfChange(before: TimedWord, word: TimedWord): number {
  const pause = Math.min(longestPause, Math.max(0, word.start - before.end));
  return changeCost - pause - (/[.?!…。？！]["”’)]?$/.test(before.text.trim()) ? sentenceEndWorth / 2 : 0);
}
