import { alignWords } from '@vexa/load-tester/align-words';
import { sum } from '@vexa/load-tester/statistics';
import type { Voice } from '@vexa/load-tester/voices';
import { finals, hear } from '../../test/support/hear.ts';
import type { Context } from '../context.ts';
import { voicedSeconds } from '../measure/our-engine.ts';
import { percent } from '../measure/report.ts';
import { wordsOf } from '../measure/text-errors.ts';
import { type Listener, mapSome } from './quality-models.ts';

export interface Borders {
  /** Words that are missing in the stream, and those of them beside a border of its segments. */
  lost: number;
  lostAtBorders: number;
  /** Words that stand twice around a border. */
  doubled: number;
}

/** Silence between recordings, in seconds: without a pause, a breath, a turn. */
const gaps = [0, 0.3, 0.9];
const quickRecordings = 8;
const nearBorder = 2;
const doubledWithin = 5;
const sampleRate = 16_000;
const lostPromise = 0.01;

/**
 * Words lost or doubled where a stream cuts speech: recordings behind each other with different pauses, compared with what
 * the same model hears in each recording alone, so that words it mishears anyway do not count.
 */
export async function measureBorders(
  listener: Listener,
  context: Pick<Context, 'voices' | 'quick' | 'report'>,
): Promise<void> {
  const { report } = context;
  const { model, engine } = listener;
  const chosen = context.voices
    .filter(({ reference, language, seconds }) => reference && language === 'en' && seconds >= 1.5 && seconds < 29)
    .slice(0, context.quick ? quickRecordings : undefined);
  const voiced = await voicedSeconds(chosen);
  report.progress(`${model}: borders of segments, ${gaps.length} sizes of pauses`);
  const alone = await mapSome(chosen, async ({ audio, language }, i) =>
    wordsOf((await engine.transcribe({ audio, language, task: 'transcribe', voicedSeconds: voiced[i] ?? 0 })).text),
  );
  const rows = await mapSome(gaps, async (gap) => {
    const segments = finals(await hear(chain(chosen, gap), { engine, voice: listener.voices.create() }));
    const heard = segments.map(({ text }) => wordsOf(text)).filter(({ length }) => length > 0);
    const words = alone.flat().length;
    return { gap, words, segments: heard.length, ...compareBorders(alone.flat(), heard) };
  });
  report.table(
    `Words lost and doubled, ${model}: ${chosen.length} recordings in one stream, against each alone`,
    ['pause', 'words', 'segments', 'lost', 'of them at borders', 'doubled'],
    rows.map((row) => [`${row.gap} s`, row.words, row.segments, row.lost, row.lostAtBorders, row.doubled]),
  );
  report.figures(`borders ${model}`, rows);
  const total = (key: keyof Borders) => sum(rows.map((row) => row[key]));
  const words = sum(rows.map((row) => row.words));
  report.promise(
    `${model}: fewer than ${percent(lostPromise)} of words lost or doubled at borders`,
    `${total('lostAtBorders')} lost, ${total('doubled')} doubled of ${words}`,
    (total('lostAtBorders') + total('doubled')) / words < lostPromise,
  );
}

function chain(voices: readonly Voice[], gap: number): Float32Array {
  const pause = Math.round(gap * sampleRate);
  const audio = new Float32Array(sum(voices.map((voice) => voice.audio.length + pause)) + 2 * sampleRate);
  let at = 0;
  for (const voice of voices) {
    audio.set(voice.audio, at);
    at += voice.audio.length + pause;
  }
  return audio;
}

/** `segments`: the words of each. */
export function compareBorders(expected: readonly string[], segments: readonly (readonly string[])[]): Borders {
  const heard = segments.flat();
  const borders = new Set<number>();
  let length = 0;
  for (const segment of segments) {
    length += segment.length;
    borders.add(length);
  }
  const near = (position: number): boolean => {
    for (let i = -nearBorder; i <= nearBorder; i += 1) if (borders.has(position + i)) return true;
    return false;
  };
  const found: Borders = { lost: 0, lostAtBorders: 0, doubled: 0 };
  let position = 0;
  for (const step of alignWords(expected, heard)) {
    if (step.kind === 'deleted') {
      found.lost += 1;
      if (near(position)) found.lostAtBorders += 1;
      continue;
    }
    position = step.hypothesis + 1;
    if (step.kind !== 'inserted' || !near(step.hypothesis)) continue;
    const around = heard.slice(Math.max(0, step.hypothesis - doubledWithin), step.hypothesis + doubledWithin + 1);
    if (around.filter((word) => word === heard[step.hypothesis]).length > 1) found.doubled += 1;
  }
  return found;
}
