import type { LoadResult, Step } from './run-load.ts';

const columns: { title: string; of: (step: Step) => string | number; stackAlone?: true }[] = [
  { title: 'meetings', of: (step) => ('meetings' in step ? step.meetings : ''), stackAlone: true },
  { title: 'bot in p95', of: (step) => ('joined' in step ? step.joined.p95.toFixed(1) : ''), stackAlone: true },
  { title: 'speakers', of: ({ speakers }) => speakers },
  { title: 'first p50', of: ({ first }) => first.p50.toFixed(2) },
  { title: 'p95', of: ({ first }) => first.p95.toFixed(2) },
  { title: 'p99', of: ({ first }) => first.p99.toFixed(2) },
  { title: 'final p50', of: ({ final }) => final.p50.toFixed(2) },
  { title: 'p95', of: ({ final }) => final.p95.toFixed(2) },
  { title: 'p99', of: ({ final }) => final.p99.toFixed(2) },
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
  const kept = `All promises kept with ${capacity} ${what} at once.`;
  return last?.broken.length ? `${kept} With ${count}: ${last.broken.join('; ')}.` : kept;
}
