import { expect, test } from 'vitest';
import { TileLag } from './tile-lag.ts';

interface Turn {
  id: string;
  from: number;
  to: number;
}

/** Everybody in turns, mostly with a pause between them, sometimes without. */
const turns = Array.from({ length: 30 }, (_, n): Turn => {
  const from = 100_000 + n * 6_000;
  const withoutPause = n % 5 === 4;
  return { id: `p${n % 3}`, from, to: from + (withoutPause ? 6_000 : 4_500 + (n % 4) * 200) };
});

/** When each is told to have spoken, as far off the truth as that is, in ms. */
function told(litAfter: number, darkAfter: number) {
  const lag = new TileLag();
  const changes = turns.flatMap((turn) => [
    { turn, at: turn.from + litAfter, lights: true },
    { turn, at: turn.to + darkAfter, lights: false },
  ]);
  changes.sort((a, b) => a.at - b.at);
  let heardTo = 0;
  const off: { began: number[]; ended: number[] } = { began: [], ended: [] };
  for (const { turn, at, lights } of changes) {
    for (; heardTo < at; heardTo += 50) {
      if (turns.some(({ from, to }) => heardTo >= from && heardTo < to)) lag.hear(heardTo, heardTo + 50);
    }
    const alone = turns.every((other) => other === turn || at >= other.to + darkAfter || at < other.from + litAfter);
    if (lights) off.began.push(Math.abs(lag.beganAt(turn.id, at, alone) - turn.from));
    else off.ended.push(Math.abs(lag.endedAt(turn.id, at) - turn.to));
  }
  return { began: Math.max(...off.began.slice(4)), ended: Math.max(...off.ended.slice(8)) };
}

test.each([
  [0, 500],
  [250, 500],
  [900, 1_000],
])('tiles that light up after %i ms and go dark after %i ms are put right', (litAfter, darkAfter) => {
  const { began, ended } = told(litAfter, darkAfter);
  expect(began).toBeLessThan(120);
  expect(ended).toBeLessThan(120);
});

test('who talks into what somebody else says tells nothing of how late tiles are', () => {
  const lag = new TileLag();
  for (let at = 0; at < 60_000; at += 50) lag.hear(at, at + 50);
  for (let at = 1_000; at < 60_000; at += 2_000) expect(lag.beganAt('p2', at, false)).toBe(at);
});

test('without anything heard the page is believed, and a turn is never shorter than nothing', () => {
  const lag = new TileLag();
  expect(lag.beganAt('p1', 1_000, true)).toBe(1_000);
  expect(lag.endedAt('p1', 1_000)).toBe(1_050);
  expect(lag.endedAt('p1', 2_000)).toBe(2_000);
});
