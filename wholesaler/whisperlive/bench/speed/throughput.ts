import { median, sum } from '@vexa/load-tester/statistics';
import type { Voice } from '@vexa/load-tester/voices';
import { type Cost, costOf } from '../measure/cpu.ts';
import { type OurEngine, voicedSeconds } from '../measure/our-engine.ts';
import { fixed, percent, type Report } from '../measure/report.ts';
import { addErrors, type TextErrors, textErrors, wer } from '../measure/text-errors.ts';
import type { FasterWhisper } from '../peers/faster-whisper.ts';

interface Run {
  name: string;
  streams: number;
  errors: TextErrors;
  costs: Cost[];
}

interface Settings {
  model: string;
  voices: readonly Voice[];
  ours: OurEngine;
  peer: FasterWhisper | undefined;
  repetitions: number;
  streams: readonly number[];
  quick: boolean;
}

const ratioPromises = new Map([
  [1, 4],
  [8, 6],
]);
const batchedPeerStreams = 8;

/**
 * Audio seconds per CPU second and per second, the same recordings for everybody. Repetitions take turns, so that what
 * else the machine does hits everybody alike; the median of them counts.
 */
export async function measureThroughput(settings: Settings, report: Report): Promise<void> {
  const { model, voices, ours, peer, repetitions, streams, quick } = settings;
  const audioSeconds = sum(voices.map(({ seconds }) => seconds));
  const voiced = await voicedSeconds(voices);
  const competitors: { name: string; streams: number; run: () => Promise<Outcome> }[] = [
    ...(peer
      ? (quick ? [1] : [1, batchedPeerStreams]).map((n) => ({
          name: n === 1 ? 'faster-whisper' : 'faster-whisper batched',
          streams: n,
          run: () => peer.transcribe(voices, n),
        }))
      : []),
    ...streams.map((n) => ({ name: 'ours', streams: n, run: () => decodeAll({ ours, voices, voiced, streams: n }) })),
  ];
  const runs: Run[] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const [i, competitor] of competitors.entries()) {
      const { name } = competitor;
      report.progress(`${model}: ${name} with ${competitor.streams} streams, ${repetition + 1} of ${repetitions}`);
      const { texts, cost } = await competitor.run();
      runs[i] ??= { name, streams: competitor.streams, errors: errorsOf(voices, texts), costs: [] };
      runs[i].costs.push(cost);
    }
  }
  show(runs, { model, audioSeconds, recordings: voices.length }, report);
}

interface Outcome {
  texts: string[];
  cost: Cost;
}

/** Each stream asks for its next recording when the one before is there, so `streams` are always being decoded. */
async function decodeAll(settings: {
  ours: OurEngine;
  voices: readonly Voice[];
  voiced: readonly number[];
  streams: number;
}): Promise<Outcome> {
  const { ours, voices, voiced, streams } = settings;
  const texts = new Array<string>(voices.length).fill('');
  const rest = voices.entries();
  const stream = async (): Promise<void> => {
    for (const [i, { audio, language }] of rest) {
      const job = { audio, language, task: 'transcribe' as const, voicedSeconds: voiced[i] ?? 0 };
      texts[i] = (await ours.decode(job)).text;
    }
  };
  const { cost } = await costOf(() => Promise.all(Array.from({ length: streams }, stream)));
  return { texts, cost };
}

const errorsOf = (voices: readonly Voice[], texts: readonly string[]): TextErrors =>
  addErrors(
    voices.flatMap(({ language, reference }, i) =>
      language === 'en' ? [textErrors(reference, texts[i] ?? '', language)] : [],
    ),
  );

function show(
  runs: readonly Run[],
  about: { model: string; audioSeconds: number; recordings: number },
  report: Report,
): void {
  const { model, audioSeconds, recordings } = about;
  const plain = runs.find(({ name }) => name === 'faster-whisper');
  const figures = runs.map(({ name, streams, errors, costs }) => {
    const perCpu = audioSeconds / median(costs.map(({ cpu }) => cpu));
    const perSecond = audioSeconds / median(costs.map(({ wall }) => wall));
    // Of each repetition by itself: a busy machine makes CPU seconds dearer for both.
    const ratio = plain && median(costs.map(({ cpu }, i) => (plain.costs[i]?.cpu ?? Number.NaN) / cpu));
    return { name, streams, perCpu, perSecond, ratio, wer: wer(errors), errors, costs };
  });
  report.table(
    `Throughput, ${model}: ${recordings} recordings, ${audioSeconds.toFixed(0)} s; median of ${plain?.costs.length ?? 1}`,
    ['', 'streams', 'audio s/CPU s', 'audio s/s', '× CPU', 'WER', 'lost sentences', 'loops'],
    figures.map((row) => [
      ...[row.name, row.streams, fixed(row.perCpu, 1), fixed(row.perSecond, 1), fixed(row.ratio)],
      ...[percent(row.wer), row.errors.lostSentences, row.errors.loops],
    ]),
  );
  report.figures(`throughput ${model}`, { audioSeconds, recordings, runs: figures });
  for (const { name, streams, ratio, errors } of figures) {
    const least = ratioPromises.get(streams);
    if (name !== 'ours' || !least || ratio === undefined || !plain) continue;
    report.promise(
      `${model}: at least ${least}× faster-whisper per CPU second with ${streams} streams`,
      `${fixed(ratio)}×`,
      ratio >= least,
    );
    report.promise(
      `${model}: no more word errors than faster-whisper, with ${streams} streams`,
      `${percent(wer(errors))} against ${percent(wer(plain.errors))}`,
      wer(errors) <= wer(plain.errors),
    );
    report.promise(
      `${model}: no sentence lost and no loop, with ${streams} streams`,
      `${errors.lostSentences} lost, ${errors.loops} loops (faster-whisper ${plain.errors.lostSentences}, ${plain.errors.loops})`,
      errors.lostSentences <= plain.errors.lostSentences && errors.loops === 0,
    );
  }
}
