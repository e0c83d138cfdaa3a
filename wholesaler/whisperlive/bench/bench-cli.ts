import { Command, Option } from 'commander';
import { createContext } from './context.ts';
import { benchMemory } from './growth/memory.ts';
import { benchSoak } from './growth/soak.ts';
import { benchLive } from './live/bench-live.ts';
import { Report } from './measure/report.ts';
import { benchThroughput } from './speed/bench-throughput.ts';
import { benchCpuProfile } from './speed/cpu-profile.ts';
import { benchStages } from './speed/stages.ts';

const sections = {
  throughput: benchThroughput,
  stages: benchStages,
  live: benchLive,
  memory: benchMemory,
  soak: benchSoak,
};
const all = { ...sections, 'cpu-profile': benchCpuProfile };
type Section = keyof typeof all;

const { quick, only, model, peers, soakMinutes, speakers } = new Command('bench')
  .description('Speed of the transcription service and how it grows, next to faster-whisper and WhisperLive.')
  .addOption(
    new Option('--quick', 'fewer repetitions and sizes: under 3 minutes').default(false).env('VEXA_BENCH_QUICK'),
  )
  .addOption(new Option('--only <section...>', 'measure this alone').choices(Object.keys(all)))
  .option('--model <name...>', 'models to measure (tiny.en and base; the first alone with --quick)')
  .option('--soak-minutes <minutes>', 'time of the soak run', Number, 2)
  .option('--speakers <number...>', 'how many speak at once in `live`, instead of ever more')
  .option('--no-peers', 'measure ours alone')
  .parse()
  .opts<{
    quick: boolean;
    only?: Section[];
    model?: string[];
    peers: boolean;
    soakMinutes: number;
    speakers?: string[];
  }>();

const models = model ?? (quick ? ['tiny.en'] : ['tiny.en', 'base']);
const report = new Report('bench-whisperlive');
const speakersAtOnce = speakers?.map(Number);
const settings = { report, env: process.env, models, quick, soakMinutes, speakersAtOnce, withPeers: peers };
const context = await createContext(settings);
for (const section of only ?? (Object.keys(sections) as Section[])) await all[section](context);
process.exitCode = report.finish() ? 0 : 1;
