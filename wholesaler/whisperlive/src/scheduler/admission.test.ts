import { expect, test } from 'vitest';
import { Admission } from './admission.ts';
import { LoadMonitor } from './load-monitor.ts';
import { defaultSettings as settings } from './settings.ts';

/** An engine of one lane with a clock of its own. */
function startLoad() {
  let at = 0;
  const now = () => at;
  const load = new LoadMonitor(settings, { lanes: 1, now });
  return {
    load,
    admission: new Admission(load, { settings, now }),
    wait: (seconds: number) => {
      at += seconds * 1000;
    },
    /** `streams` people talk for so long: each second brings a second of each one's speech, which takes `cost` of it. */
    talk(
      seconds: number,
      { streams, cost, delaySeconds = 0.3 }: { streams: number; cost: number; delaySeconds?: number },
    ) {
      for (let i = 0; i < seconds; i += 1) {
        at += 1000;
        for (let stream = 0; stream < streams; stream += 1) {
          load.worked(cost, [{ kind: 'final', delaySeconds }]);
          load.spoke(1);
        }
      }
    },
  };
}

test('streams are let in as long as what they take fits, however many there are', () => {
  const light = startLoad();
  light.talk(120, { streams: 20, cost: 0.02 });
  expect(light.admission.ask(20)).toBeUndefined();
  const heavy = startLoad();
  heavy.talk(120, { streams: 4, cost: 0.2 });
  expect([light, heavy].map(({ admission }) => admission.isFull(4))).toEqual([false, true]);
  expect(heavy.admission.ask(4)).toBe(1);
  expect(heavy.admission.ask(3)).toBeUndefined();
});

test('streams that listen leave room for others', () => {
  const { admission, talk } = startLoad();
  talk(120, { streams: 1, cost: 0.2 });
  expect(admission.ask(30)).toBeUndefined();
});

test('audio that is sent again faster than life does not pass for many people speaking', () => {
  const { admission, talk } = startLoad();
  talk(30, { streams: 40, cost: 0.02 });
  expect(admission.ask(4)).toBeUndefined();
});

test('many who come at once are not all let in on the strength of the same free share', () => {
  const { admission, talk, wait } = startLoad();
  talk(120, { streams: 4, cost: 0.1 });
  const answers = Array.from({ length: 10 }, (_, i) => admission.ask(4 + i));
  expect(answers.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  expect(answers.at(-1)).toBeGreaterThanOrEqual(1);
  wait(60); // nobody spoke, so the engine is idle
  expect(admission.ask(8)).toBeUndefined();
});

test('a stream waits while a busy engine is later with finals than promised, and longer the later it is', () => {
  const { admission, talk } = startLoad();
  talk(60, { streams: 5, cost: 0.1, delaySeconds: 4 });
  expect(admission.ask(5)).toBeGreaterThanOrEqual(2);
  talk(60, { streams: 5, cost: 0.1, delaySeconds: 100 });
  expect(admission.ask(5)).toBe(settings.maxWaitMinutes);
});

test('pressure rises with what drafts wait, and falls again when they stop', () => {
  const { load, wait } = startLoad();
  expect(load.pressure).toBe(0);
  for (let i = 0; i < 100; i += 1) load.worked(0.1, [{ kind: 'draft', delaySeconds: 6 }]);
  expect(load.pressure).toBeGreaterThan(1.5);
  wait(120);
  expect(load.pressure).toBeLessThan(0.1);
});

test('speech whose finals were decoded in the pause counts as speech', () => {
  const { load, admission, talk } = startLoad();
  talk(60, { streams: 0, cost: 0 });
  for (let i = 0; i < 60; i += 1) {
    load.worked(0.1, [{ kind: 'early', delaySeconds: 0.3 }]);
    load.spoke(1);
  }
  expect(load.costOfSpeech).toBeCloseTo(0.1);
  expect(admission.ask(4)).toBeUndefined();
});
