import { expect, test } from 'vitest';
import { attribute, type Bin, binMs, TrackOwners, type TrackTurn } from './attribution.ts';

/** One letter a bin: capital letters are people whose tiles are lit, digits are tracks that are loud. */
const bins = (...marks: string[]): Bin[] =>
  marks.map((mark) => ({
    loud: new Set([...mark].filter((sign) => /\d/.test(sign)).map(Number)),
    speaking: new Set([...mark].filter((sign) => /[A-Z]/.test(sign))),
  }));
const nobody = new Map<number, string>();
const found = (window: Bin[], owners: Map<number, string> = nobody) => [...attribute(window, owners)].sort();

test('a track is the one’s whose tile is lit when it is loud', () => {
  expect(found(bins('1', '1A', '1A', '1A', 'A', '', '2', '2B', '2B', 'B'))).toEqual([
    [1, 'A'],
    [2, 'B'],
  ]);
});

test('two who speak at once have a track each, told apart by when each began', () => {
  const together = bins('1A', '1A', '1A', '12A', '12AB', '12AB', '2AB', '2B', '2B', '2B');
  expect(found(together)).toEqual([
    [1, 'A'],
    [2, 'B'],
  ]);
  // Where nothing tells them apart, a track keeps whom it had.
  const alike = bins('12AB', '12AB', '12AB');
  expect(found(alike, new Map([[1, 'B']]))).toEqual([
    [1, 'B'],
    [2, 'A'],
  ]);
});

test('a sound without a tile is nobody’s, and a tile without a sound has no track', () => {
  expect(found(bins('1', '1', '1'))).toEqual([]);
  expect(found(bins('A', 'A', 'A'))).toEqual([]);
  expect(found([])).toEqual([]);
});

test('a track that is switched from one person to another changes its owner with the tiles', () => {
  const owners = new TrackOwners();
  const [start, second] = [1_000_000, 1_000];
  const turns: TrackTurn[] = [];
  for (let at = start; at < start + 6 * second; at += binMs) {
    const since = at - start;
    const pause = since >= 2_500 && since < 3_000;
    if (!pause && since < 5_500) owners.hear(7, at + binMs, binMs);
    // Tiles light up a little late.
    if (since === 200) owners.see(new Set(['A']), at);
    if (since === 2_800) owners.see(new Set(), at);
    if (since === 3_200) owners.see(new Set(['B']), at);
    if (since === 5_800) owners.see(new Set(), at);
    turns.push(...owners.decide(at));
  }
  turns.push(...owners.decide(start + 8 * second));
  expect(turns.map(({ track, person, speaking }) => [track, person, speaking])).toEqual([
    [7, 'A', true],
    [7, 'A', false],
    [7, 'B', true],
    [7, 'B', false],
  ]);
  const at = turns.map((turn) => (turn.at - start) / second);
  expect(at[0]).toBeCloseTo(0, 0);
  expect(Math.abs((at[1] ?? 0) - 2.8)).toBeLessThan(0.3);
  expect(Math.abs((at[2] ?? 0) - 3)).toBeLessThan(0.4);
  expect(Math.abs((at[3] ?? 0) - 5.8)).toBeLessThan(0.3);
  expect(owners.decide(start + 9 * second)).toEqual([]);
});

test('what is asked long after costs no more than what is kept', () => {
  const owners = new TrackOwners();
  owners.hear(1, 1_000, 100);
  owners.see(new Set(['A']), 1_000);
  expect(owners.decide(90_000_000)).toEqual([]);
});
