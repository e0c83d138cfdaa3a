import { stageNames } from '../../src/engine/stage-times.ts';
import { fixed, type Report } from '../measure/report.ts';
import type { LiveRun } from './run-speakers.ts';

const kinds = ['final', 'early', 'draft'] as const;
const columns = ['', 'speakers', 'jobs', 'queue', ...stageNames, 'engine', 'audio'];

/** Where the wall time of a job of each kind goes: means, by what the service itself tells. */
export function showStages(rows: readonly (LiveRun & { server: string })[], model: string, report: Report): void {
  const ours = rows.filter(({ figures }) => figures.size > 0);
  const lines = ours.flatMap(({ speakers, figures }) => {
    const of = (name: string, labels: string): number => figures.get(`whisperlive_${name}{${labels}}`) ?? 0;
    const decodes = kinds.map((kind) => {
      const label = `kind="${kind}"`;
      const jobs = of('decode_seconds_count', label);
      const mean = (total: number) => fixed(jobs === 0 ? undefined : total / jobs, 3);
      const stages = stageNames.map((stage) => mean(of('stage_seconds_total', `${label},stage="${stage}"`)));
      const [queue, engine] = ['queue_seconds_sum', 'decode_seconds_sum'].map((name) => mean(of(name, label)));
      return [kind, speakers, jobs, queue, ...stages, engine, mean(of('audio_seconds_total', label))];
    });
    const sent = figures.get('whisperlive_publish_seconds_count') ?? 0;
    const publish = (figures.get('whisperlive_publish_seconds_sum') ?? 0) / Math.max(1, sent);
    const shed = figures.get('whisperlive_drafts_shed_total') ?? 0;
    const note = `publish ${fixed(publish, 4)} s each`;
    return [...decodes, [`drafts shed ${shed}, ${note}`, speakers, sent]];
  });
  report.table(
    `Where the time of a job goes, ${model}: mean seconds, those of a batch for each of its jobs`,
    columns,
    lines,
  );
}
