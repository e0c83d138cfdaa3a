import type { LoadResult, Step } from './run-load.ts';

const seconds = (value: number, digits = 2): string => (Number.isNaN(value) ? '–' : value.toFixed(digits));

const columns: { title: string; of: (step: Step) => string | number; stackAlone?: true }[] = [
  { title: 'meetings', of: (step) => ('meetings' in step ? step.meetings : ''), stackAlone: true },
  { title: 'bot in p95', of: (step) => ('joined' in step ? seconds(step.joined.p95, 1) : ''), stackAlone: true },
  { title: 'speakers', of: ({ speakers }) => speakers },
  { title: 'first p50', of: ({ first }) => seconds(first.p50) },
  { title: 'p95', of: ({ first }) => seconds(first.p95) },
  { title: 'p99', of: ({ first }) => seconds(first.p99) },
  { title: 'final p50', of: ({ final }) => seconds(final.p50) },
  { title: 'p95', of: ({ final }) => seconds(final.p95) },
  { title: 'p99', of: ({ final }) => seconds(final.p99) },
  { title: 'unseen', of: ({ unseen, words }) => `${((100 * unseen) / words).toFixed(1)} %` },
  { title: 'lost', of: ({ lost, utterances }) => `${lost}/${utterances}` },
  { title: 'doubled', of: ({ doubled }) => doubled },
  { title: 'reconnects', of: ({ reconnects }) => reconnects },
  { title: 'refused', of: ({ refused }) => refused },
  { title: 'errors', of: ({ errors }) => errors.length },
];

const columnsFor = (stack: boolean) => columns.filter(({ stackAlone }) => stack || !stackAlone);

export const heading = (stack: boolean): string =>
  `Seconds from the end of a word to its first text, and of an utterance to its final\n${columnsFor(stack)
    .map(({ title }) => title.padStart(11))
    .join('')}`;

export const stepLine = (step: Step): string =>
  columnsFor('meetings' in step)
    .map(({ of }) => String(of(step)).padStart(11))
    .join('');

export function conclusion({ steps, capacity }: LoadResult): string {
  const last = steps.at(-1);
  const [count, what] = last && 'meetings' in last ? [last.meetings, 'meetings'] : [last?.speakers, 'speakers'];
  const kept = capacity > 0 ? `All promises kept with ${capacity} ${what} at once.` : 'No step kept all promises.';
  return last?.broken.length ? `${kept} With ${count}: ${last.broken.join('; ')}.` : kept;
}
