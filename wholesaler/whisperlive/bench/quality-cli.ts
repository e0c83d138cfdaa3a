import { Command, Option } from 'commander';
import { type Context, createContext } from './context.ts';
import { Report } from './measure/report.ts';
import { measureBorders } from './quality/borders.ts';
import { measureDelays } from './quality/delays.ts';
import { measureInvented } from './quality/invented.ts';
import { createListener, type Listener } from './quality/quality-models.ts';
import { measureRecordings } from './quality/recordings.ts';

const heard = {
  recordings: (listener: Listener, { voices, report }: Context) => measureRecordings(listener, voices, report),
  borders: measureBorders,
  invented: (listener: Listener, { quick, report }: Context) => measureInvented(listener, quick ? 1 : 10, report),
};
const sections = [...Object.keys(heard), 'delays'];

const { quick, only, model } = new Command('quality')
  .description('Whether the words are right: errors, losses, inventions and delays on recordings of real voices.')
  .addOption(new Option('--quick', 'shorter: under 3 minutes').default(false).env('VEXA_BENCH_QUICK'))
  .addOption(new Option('--only <section...>', 'measure this alone').choices(sections))
  .option('--model <name...>', 'models to measure (tiny.en and base; the first alone with --quick)')
  .parse()
  .opts<{ quick: boolean; only?: string[]; model: string[] }>();

const models = model ?? (quick ? ['tiny.en'] : ['tiny.en', 'base']);
const report = new Report('quality-whisperlive');
const wanted = (section: string): boolean => !only || only.includes(section);
const settings = {
  report,
  env: process.env,
  models,
  quick,
  soakMinutes: 0,
  speakersAtOnce: undefined,
  withPeers: false,
};
const context = await createContext(settings);
for (const name of models) {
  await using listener = await createListener(name, context);
  for (const [section, measure] of Object.entries(heard)) if (wanted(section)) await measure(listener, context);
}
if (wanted('delays')) await measureDelays(context);
process.exitCode = report.finish() ? 0 : 1;
