import { startEngine } from '../../src/engine/engine.ts';
import { loadVoiceDetector } from '../../src/vad/silero.ts';
import type { MemorySteps } from './memory.ts';

/** Loads one thing after the other in a process of its own and tells its parent what each step took. */
const [model = '', modelsDir = '', threads = '2'] = process.argv.slice(2);
await import('../../src/service.ts');
const rss = (): number => process.memoryUsage().rss;
const steps: MemorySteps = { atRest: rss(), voiceDetector: 0, model: 0, afterOne: 0, afterSixteen: 0 };
await using voices = await loadVoiceDetector();
await voices.create().probability(new Float32Array(512));
steps.voiceDetector = rss();
await using engine = await startEngine({ model, modelsDir, threads: Number(threads) });
steps.model = rss();
const noise = Float32Array.from({ length: 28 * 16_000 }, () => (Math.random() - 0.5) / 10);
const decode = (seconds: number) =>
  engine.transcribe({ audio: noise.slice(0, seconds * 16_000), language: 'en', task: 'transcribe' });
await decode(28);
steps.afterOne = rss();
for (const seconds of [28, 8]) await Promise.all(Array.from({ length: 16 }, () => decode(seconds)));
steps.afterSixteen = rss();
process.send?.(steps);
