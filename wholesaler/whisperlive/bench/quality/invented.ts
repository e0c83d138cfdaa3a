import { sum } from '@vexa/load-tester/statistics';
import { finals, hear } from '../../test/support/hear.ts';
import { fixed, type Report } from '../measure/report.ts';
import { wordsOf } from '../measure/text-errors.ts';
import { noises } from './noises.ts';
import type { Listener } from './quality-models.ts';

/** Words that are written although nobody spoke: minutes of each kind of noise, as a stream hears it. */
export async function measureInvented(
  { model, engine, voices }: Listener,
  minutes: number,
  report: Report,
): Promise<void> {
  const rows = await Promise.all(
    noises.map(async ({ name, make }) => {
      const segments = await hear(make(minutes * 60), { engine, voice: voices.create() });
      report.progress(`${model}: ${minutes} minutes of ${name} are over`);
      const final = finals(segments).flatMap(({ text }) => wordsOf(text));
      const drafted = segments.filter(({ completed }) => !completed).flatMap(({ text }) => wordsOf(text));
      return { name, final, drafted: new Set(drafted).size };
    }),
  );
  report.table(
    `Invented words, ${model}: ${minutes} minutes each`,
    ['', 'words', 'per minute', 'different words in drafts', ''],
    rows.map(({ name, final, drafted }) => [
      ...[name, final.length, fixed(final.length / minutes), drafted],
      final.slice(0, 6).join(' '),
    ]),
  );
  report.figures(`invented ${model}`, { minutes, rows });
  const invented = sum(rows.map(({ final }) => final.length));
  const where = rows.flatMap(({ name, final }) => (final.length > 0 ? [name] : []));
  report.promise(
    `${model}: no invented word in ${minutes} minutes each of ${rows.map(({ name }) => name).join(', ')}`,
    invented === 0 ? 'none' : `${invented} (${where.join(', ')})`,
    invented === 0,
  );
}
