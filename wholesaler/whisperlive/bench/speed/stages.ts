import { slope, sum } from '@vexa/load-tester/statistics';
import { shortVoices } from '@vexa/load-tester/voices';
import { decodeClip, type WhisperModel } from '../../src/engine/decode.ts';
import type { TranscribeJob } from '../../src/engine/engine.ts';
import { loadWhisper } from '../../src/engine/whisper-sessions.ts';
import { ensureModel } from '../../src/models/ensure-model.ts';
import type { Context } from '../context.ts';
import { cpuSeconds } from '../measure/cpu.ts';
import { threads, voicedSeconds } from '../measure/our-engine.ts';
import { fixed, percent } from '../measure/report.ts';

type Stage = 'features' | 'encode' | 'generate' | 'align';
const names: Record<Stage, string> = {
  features: 'log-mel features',
  encode: 'encoder',
  generate: 'decoder',
  align: 'word times (alignment)',
};

/** Where the CPU seconds of finals go, one clip at a time, by timers around each call into the model. */
export async function benchStages(context: Context): Promise<void> {
  for (const name of context.models) await stagesOf(context, name);
}

async function stagesOf({ report, modelsDir, voices }: Context, name: string): Promise<void> {
  report.progress(`${name}: where the time goes`);
  const files = await ensureModel(name, { modelsDir });
  const { model, timers, calls } = timed(await loadWhisper(files, { device: 'cpu', threads }));
  const chosen = shortVoices(voices, false);
  const voiced = await voicedSeconds(chosen);
  const vadCpu = await cpuOf(() => voicedSeconds(chosen));
  const jobs = chosen.map(
    ({ audio, language }, i): TranscribeJob => ({ audio, language, task: 'transcribe', voicedSeconds: voiced[i] ?? 0 }),
  );
  const run = async (change: Partial<TranscribeJob>) => {
    timers.clear();
    calls.length = 0;
    const cpu = await cpuOf(async () => {
      for (const job of jobs) await decodeClip(model, { ...job, ...change });
    });
    return {
      cpu,
      stages: new Map(timers),
      oneToken: sum(calls.flatMap(({ tokens, cpu: spent }) => (tokens > 1 ? [] : spent))),
    };
  };
  await decodeClip(model, { ...(jobs[0] ?? silence), wordTimes: true }); // the alignment graph is loaded when first needed
  const timesToo = await run({ wordTimes: true });
  const detecting = await run({ language: null });
  const plain = await run({});
  const perToken = slope(calls.map(({ tokens, cpu }) => ({ x: tokens, y: cpu })));
  const steps = Math.min(plain.stages.get('generate') ?? 0, perToken * sum(calls.map(({ tokens }) => tokens)));
  const known = sum([...plain.stages.values()]);
  const audioSeconds = sum(chosen.map(({ seconds }) => seconds));
  const rows: [string, number][] = [
    ['voice detector', vadCpu],
    ...(['features', 'encode'] as const).map((stage): [string, number] => [names[stage], plain.stages.get(stage) ?? 0]),
    ['decoder: cross keys, prompt, first token', (plain.stages.get('generate') ?? 0) - steps],
    [`decoder: ${fixed(perToken * 1000, 1)} ms for each token`, steps],
    ['JavaScript around them', Math.max(0, plain.cpu - known)],
    ['language, where it is not given', Math.max(0, detecting.oneToken - plain.oneToken)],
    ['word times, where they are asked for', timesToo.stages.get('align') ?? 0],
  ];
  const whole = plain.cpu + vadCpu;
  report.table(
    `Where the time goes, ${name}: finals of ${chosen.length} recordings one by one, CPU seconds per audio second`,
    ['', 'CPU s/audio s', 'of a plain final'],
    [...rows.map(([stage, cpu]) => [stage, fixed(cpu / audioSeconds, 4), percent(cpu / whole)])],
  );
  report.figures(`stages ${name}`, { audioSeconds, perToken, rows: Object.fromEntries(rows) });
}

const silence: TranscribeJob = { audio: new Float32Array(16_000), language: 'en', task: 'transcribe' };

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds();
  await work();
  return cpuSeconds() - before;
}

/** The same model with a clock around each call; calls never overlap here. */
function timed(model: WhisperModel): {
  model: WhisperModel;
  timers: Map<string, number>;
  calls: { tokens: number; cpu: number }[];
} {
  const timers = new Map<string, number>();
  const calls: { tokens: number; cpu: number }[] = [];
  const spent = (stage: Stage, since: number): number => {
    const cpu = cpuSeconds() - since;
    timers.set(stage, (timers.get(stage) ?? 0) + cpu);
    return cpu;
  };
  return {
    timers,
    calls,
    model: {
      ...model,
      features(...input) {
        const since = cpuSeconds();
        const features = model.features(...input);
        spent('features', since);
        return features;
      },
      async encode(...input) {
        const since = cpuSeconds();
        const encoded = await model.encode(...input);
        spent('encode', since);
        return encoded;
      },
      async generate(...input) {
        const since = cpuSeconds();
        const generated = await model.generate(...input);
        calls.push({ tokens: generated.tokens.length, cpu: spent('generate', since) });
        return generated;
      },
      async align(...input) {
        const since = cpuSeconds();
        const aligned = await model.align(...input);
        spent('align', since);
        return aligned;
      },
    },
  };
}
