import { median } from '@vexa/load-tester/statistics';
import type { Voice } from '@vexa/load-tester/voices';
import { costOf } from '../measure/cpu.ts';
import { type OurEngine, voicedSeconds } from '../measure/our-engine.ts';
import { fixed, type Report } from '../measure/report.ts';
import type { FasterWhisper } from '../peers/faster-whisper.ts';

interface Settings {
  model: string;
  voices: readonly Voice[];
  ours: OurEngine;
  peer: FasterWhisper | undefined;
  repetitions: number;
}

const lengths = [2, 5, 10, 20, 28];
const sampleRate = 16_000;

/** What a second of audio costs in clips of different length: English speech without pauses, cut at these lengths. */
export async function measureClipLengths(
  { model, voices, ours, peer, repetitions }: Settings,
  report: Report,
): Promise<void> {
  const speech = joined(voices.filter(({ language, seconds }) => language === 'en' && seconds > 2));
  const rows: { seconds: number; ours: number; peer: number | undefined }[] = [];
  for (const seconds of lengths) {
    report.progress(`${model}: a clip of ${seconds} s`);
    const audio = speech.slice(0, seconds * sampleRate);
    const [voiced = 0] = await voicedSeconds([{ audio }]);
    const costs: { ours: number; peer: number }[] = [];
    for (let i = 0; i < repetitions + 1; i += 1) {
      const job = { audio, language: 'en', task: 'transcribe' as const, voicedSeconds: voiced };
      const { cost } = await costOf(() => ours.decode(job));
      const other = await peer?.transcribe([{ audio, language: 'en' }]);
      costs.push({ ours: cost.cpu, peer: other?.cost.cpu ?? Number.NaN });
    }
    const perSecond = (who: 'ours' | 'peer') => median(costs.map((cost) => cost[who])) / seconds;
    rows.push({ seconds, ours: perSecond('ours'), peer: peer && perSecond('peer') });
  }
  report.table(
    `Growth by clip length, ${model}: CPU seconds per audio second`,
    ['clip', 'ours', 'faster-whisper', '×'],
    rows.map((row) => [
      ...[`${row.seconds} s`, fixed(row.ours, 4), fixed(row.peer, 4)],
      fixed(row.peer === undefined ? undefined : row.peer / row.ours),
    ]),
  );
  report.figures(`clip lengths ${model}`, rows);
}

/** Recordings behind each other, as often as 28 s need. */
function joined(voices: readonly Voice[]): Float32Array {
  const audio = new Float32Array((lengths.at(-1) ?? 0) * sampleRate);
  for (let at = 0, i = 0; at < audio.length && voices.length > 0; i += 1) {
    const next = voices[i % voices.length]?.audio ?? new Float32Array(1);
    audio.set(next.subarray(0, audio.length - at), at);
    at += next.length;
  }
  return audio;
}
