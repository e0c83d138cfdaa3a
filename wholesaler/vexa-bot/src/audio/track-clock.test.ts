import { expect, test } from 'vitest';
import { TrackClock } from './track-clock.ts';

const sampleRate = 16_000;
const piece = 1_600;
const startedAt = 1_000_000;

interface Run {
  seconds: number;
  /** Of the wall clock for each millisecond of the audio's. */
  pace?: number;
  /** Wall-clock ms by which a piece is late; more than one before it makes up for. */
  late?: (n: number) => number;
  /** At this wall-clock second the audio stands still for so long. */
  gap?: { at: number; seconds: number };
}

/** Speech of two seconds, silence of one. Answers how far the stream's time is from the wall clock's, in ms, over time. */
function run({ seconds, pace = 1, late = () => 0, gap }: Run) {
  const clock = new TrackClock(startedAt);
  let [sent, spokenTouched] = [0, 0];
  const off: number[] = [];
  for (let n = 1, wall = 0; wall < seconds * 1_000; n += 1) {
    wall = n * 100 * pace + (gap && n * 100 * pace > gap.at * 1_000 ? gap.seconds * 1_000 : 0);
    const isQuiet = n % 30 >= 20;
    const correction = clock.follow(startedAt + wall + late(n), piece, isQuiet) ?? Number.NaN;
    if (correction !== 0 && !isQuiet) spokenTouched += 1;
    sent += piece + correction;
    off.push((sent / sampleRate) * 1_000 - wall);
  }
  const last = off.slice(-300);
  return {
    spokenTouched,
    worst: off.reduce((most, ms) => Math.max(most, Math.abs(ms)), 0),
    last: Math.max(...last.map(Math.abs)),
    sent,
  };
}

test('four hours of a clock that runs fast or slow end at the right time, and no word is touched', () => {
  for (const pace of [1.001, 0.999, 1.000_05]) {
    const { worst, spokenTouched } = run({ seconds: 4 * 3_600, pace });
    expect(worst).toBeLessThan(150);
    expect(spokenTouched).toBe(0);
  }
});

test('a clock that is right is left alone, however late its pieces come', () => {
  const busy = (n: number) => (n % 17 === 0 ? 0 : (n * 7_919) % 400);
  expect(run({ seconds: 600, late: busy }).sent).toBe(run({ seconds: 600 }).sent);
});

test('time in which the page stood still is made up for', () => {
  expect(run({ seconds: 120, gap: { at: 30, seconds: 3 } })).toMatchObject({ spokenTouched: 0 });
  expect(run({ seconds: 120, gap: { at: 30, seconds: 3 } }).last).toBeLessThan(150);
});

test('a clock that is set to another time is no drift', () => {
  const jump = (by: number) => {
    const clock = new TrackClock(startedAt);
    const answers = Array.from({ length: 200 }, (_, n) => {
      const at = startedAt + (n + 1) * 100 + (n >= 100 ? by : 0);
      return clock.follow(at, piece, true);
    });
    return answers.indexOf(undefined);
  };
  for (const by of [3_600_000, -3_600_000]) expect(jump(by)).toBeGreaterThan(99);
});

test('a first piece that came late does not make everything late', () => {
  const { last } = run({ seconds: 60, late: (n) => (n > 20 ? -800 : 0) });
  expect(Math.abs(last - 800)).toBeLessThan(150);
});
