import { RefusedError } from '@vexa/load-tester/speaker';
import { percentile } from '@vexa/load-tester/statistics';
import { speakable } from '@vexa/load-tester/voices';
import type { Context } from '../context.ts';
import { fixed, percent, type Report } from '../measure/report.ts';
import { showStages } from './live-stages.ts';
import { type LiveRun, runSpeakers } from './run-speakers.ts';
import { type AudioServer, startService, startWhisperLive } from './servers.ts';

export const firstTextPromise = 2;
export const finalPromise = 1.2;
const capacityPromise = 6;
/** A server that shows nothing of so many words more than it does of one speaker alone loses them. */
const lossPromise = 0.1;
const brokenInARow = 2;

/** How many people can speak at once before words come late, next to WhisperLive with the same weights. */
export async function benchLive(context: Context): Promise<void> {
  const { report, models, quick } = context;
  const model = models.at(-1) ?? 'base';
  const voices = speakable(context.voices);
  const sizes = context.speakersAtOnce ?? (quick ? [1, 6] : [1, 2, 4, 6, 8, 10, 12, 16, 20, 24]);
  const seconds = quick ? 15 : 25;
  const rows: (LiveRun & { server: string; kept: boolean })[] = [];
  const climb = async (server: AudioServer, steps: readonly number[]): Promise<void> => {
    for (const speakers of steps) {
      report.progress(`${model}: ${server.name} hears ${speakers} speakers for ${seconds} s`);
      const run = await runOrRefuse(server, { speakers, seconds, voices });
      if (!run) {
        report.note(`${model}: ${server.name} takes no ${speakers} speakers`);
        break;
      }
      const alone = rows.find((row) => row.server === server.name) ?? run;
      rows.push({ ...run, server: server.name, kept: keepsUp(run, alone) });
      // Once may be the machine's doing; twice in a row is not.
      if (
        rows
          .filter((row) => row.server === server.name)
          .slice(-brokenInARow)
          .filter(({ kept }) => !kept).length >= brokenInARow
      )
        break;
    }
  };
  {
    await using server = await startService(context, { model });
    await climb(server, sizes);
  }
  try {
    await using peer = await startWhisperLive(context, model);
    if (peer) await climb(peer, quick ? [1] : sizes);
  } catch (error) {
    report.note(`WhisperLive could not be measured: ${error instanceof Error ? error.message : error}`);
  }
  show(rows, model, report);
  showStages(rows, model, report);
}

/** Undefined when the server says that it is full, which is as honest an end as late words. */
async function runOrRefuse(...run: Parameters<typeof runSpeakers>): Promise<LiveRun | undefined> {
  try {
    return await runSpeakers(...run);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

function keepsUp(run: LiveRun, alone: LiveRun): boolean {
  const lost = run.unseen / run.words - alone.unseen / alone.words;
  return (
    percentile(run.first, 0.95) <= firstTextPromise &&
    percentile(run.final, 0.95) <= finalPromise &&
    lost <= lossPromise
  );
}

export const liveColumns = [
  ...['', 'speakers', 'first p50', 'p95', 'final p50', 'p95'],
  ...['unseen words', 'unfinished', 'CPU s/audio s', 'other load'],
];

export const liveRow = (name: string, run: LiveRun): (string | number)[] => [
  ...[name, run.speakers, fixed(percentile(run.first, 0.5)), fixed(percentile(run.first, 0.95))],
  ...[fixed(percentile(run.final, 0.5)), fixed(percentile(run.final, 0.95)), percent(run.unseen / run.words)],
  ...[run.unfinished, fixed(run.cpuPerAudioSecond, 3), fixed(run.others)],
];

function show(rows: readonly (LiveRun & { server: string; kept: boolean })[], model: string, report: Report): void {
  report.table(
    `Live, ${model}: seconds from the end of a word to its first text, and of an utterance to its final`,
    [...liveColumns, 'keeps up'],
    rows.map((row) => [...liveRow(row.server, row), row.kept ? 'yes' : 'no']),
  );
  const capacity = (server: string) =>
    Math.max(0, ...rows.flatMap((row) => (row.server === server && row.kept ? [row.speakers] : [])));
  const summary = rows.map(({ first, final, figures: _, ...row }) => ({
    ...row,
    ...{ firstP50: percentile(first, 0.5), firstP95: percentile(first, 0.95) },
    ...{ finalP50: percentile(final, 0.5), finalP95: percentile(final, 0.95) },
  }));
  report.figures(`live ${model}`, { runs: summary, capacity: capacity('ours'), whisperLive: capacity('WhisperLive') });
  const [alone] = rows.filter(({ server }) => server === 'ours');
  if (alone) {
    const first = percentile(alone.first, 0.95);
    const final = percentile(alone.final, 0.95);
    report.promise(
      `${model}: first text of one speaker within ${firstTextPromise} s (p95)`,
      `${fixed(first)} s`,
      first <= firstTextPromise,
    );
    report.promise(
      `${model}: final text of one speaker within ${finalPromise} s (p95)`,
      `${fixed(final)} s`,
      final <= finalPromise,
    );
  }
  report.promise(
    `${model}: at least ${capacityPromise} people speaking at once within the same times`,
    `${capacity('ours')} (WhisperLive ${rows.some(({ server }) => server === 'WhisperLive') ? capacity('WhisperLive') : 'not measured'})`,
    capacity('ours') >= capacityPromise,
  );
}
