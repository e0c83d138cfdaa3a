import { percentile } from '@vexa/load-tester/statistics';
import { speakable } from '@vexa/load-tester/voices';
import type { Context } from '../context.ts';
import { finalPromise, firstTextPromise, liveColumns, liveRow } from '../live/bench-live.ts';
import { runSpeakers } from '../live/run-speakers.ts';
import { startService } from '../live/servers.ts';
import { fixed } from '../measure/report.ts';

/** How soon two people who speak at once read their words, with each model. */
export async function measureDelays(context: Context): Promise<void> {
  const { report, quick, models } = context;
  const seconds = quick ? 15 : 45;
  const runs = [];
  for (const model of models) {
    await using server = await startService(context, { model });
    report.progress(`${model}: two speakers in real time for ${seconds} s`);
    runs.push({ model, run: await runSpeakers(server, { speakers: 2, seconds, voices: speakable(context.voices) }) });
  }
  report.table(
    'Time to text: seconds from the end of a word to its first text, and of an utterance to its final',
    liveColumns,
    runs.map(({ model, run }) => liveRow(model, run)),
  );
  report.figures('delays', runs);
  for (const { model, run } of runs) {
    const [first, final] = [percentile(run.first, 0.95), percentile(run.final, 0.95)];
    report.promise(
      `${model}: first text within ${firstTextPromise} s (p95)`,
      `${fixed(first)} s`,
      first <= firstTextPromise,
    );
    report.promise(`${model}: final text within ${finalPromise} s (p95)`, `${fixed(final)} s`, final <= finalPromise);
  }
}
