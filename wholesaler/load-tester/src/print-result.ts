import type { LoadResult } from './run-load.ts';

type Step = LoadResult['steps'][number];

const columns: { title: string; of: (step: Step) => string | number }[] = [
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

export const heading = (): string =>
  `Seconds from the end of a word to its first text, and of an utterance to its final\n${columns.map(({ title }) => title.padStart(10)).join('')}`;

export const stepLine = (step: Step): string => columns.map(({ of }) => String(of(step)).padStart(10)).join('');

export function conclusion({ steps, capacity }: LoadResult): string {
  const broken = steps.at(-1)?.broken ?? [];
  const kept = `All promises kept with ${capacity} speakers at once.`;
  return broken.length === 0 ? kept : `${kept} With ${steps.at(-1)?.speakers}: ${broken.join('; ')}.`;
}
