import { setTimeout as delay } from 'node:timers/promises';
import { Speaker } from '@vexa/load-tester/speaker';
import { planSpeech } from '@vexa/load-tester/speech-plan';
import { slope } from '@vexa/load-tester/statistics';
import { speakable } from '@vexa/load-tester/voices';
import type { Context } from '../context.ts';
import { type AudioServer, startService } from '../live/servers.ts';
import { fixed } from '../measure/report.ts';

const mebibyte = 2 ** 20;
const sampleRate = 16_000;
const streams = 4;
/** A session is some talk, much listening, some talk, as most participants have it; then a new one begins. */
const talkSeconds = 20;
const listenSeconds = 280;
const longTalkSeconds = 60;
const frameSamples = 8_192;
const sentAhead = 4 * frameSamples * 4;
const sampleEveryMs = 1_000;
/** Memory is taken for the longest clips and then kept; only what comes after that tells a leak. */
const warmShare = 0.3;
/** Less is too short to tell a leak from the collector's rhythm. */
const leastHours = 1;
const leakPromiseMiB = 256;

/** Hours of audio through one process, as fast as it takes them, and what its memory does meanwhile. */
export async function benchSoak(context: Context): Promise<void> {
  const { report, quick, soakMinutes } = context;
  const wallSeconds = quick ? 25 : soakMinutes * 60;
  const model = context.models[0] ?? 'tiny.en';
  await using server = await startService(context, { model });
  report.progress(`${model}: audio through one process for ${wallSeconds} s`);
  await Promise.all(Array.from({ length: streams }, (_, i) => talkWithoutPause(context, server, i)));
  const until = performance.now() + wallSeconds * 1000;
  const heard = { seconds: 0, sessions: 0 };
  const samples: { x: number; y: number }[] = [];
  const feeding = Array.from({ length: streams }, (_, i) => feed(context, server, { stream: i, until, heard }));
  while (performance.now() < until) {
    samples.push({ x: heard.seconds / 3600, y: (await server.usage()).rssBytes / mebibyte });
    await delay(sampleEveryMs);
  }
  await Promise.all(feeding);
  const hours = heard.seconds / 3600;
  const steady = samples.filter(({ x }) => x >= hours * warmShare);
  const perHour = slope(steady);
  const { cpuSeconds } = await server.usage();
  const last = steady.at(-1)?.y ?? Number.NaN;
  report.table(
    `Soak, ${model}: ${fixed(hours, 1)} hours of audio in ${heard.sessions} sessions, ${talkSeconds} s of talk in ${talkSeconds + listenSeconds} s`,
    ['', 'MiB'],
    [
      ['at the beginning', fixed(samples[0]?.y, 0)],
      [`after ${fixed(hours * warmShare, 1)} hours`, fixed(steady[0]?.y, 0)],
      ['at the end', fixed(last, 0)],
      ['for each hour after that', fixed(perHour)],
      ['for 24 hours, if it went on so', fixed(perHour * 24, 0)],
    ],
  );
  report.figures('soak', { model, hours, wallSeconds, cpuSeconds, sessions: heard.sessions, perHour, samples });
  if (hours < leastHours) return report.note(`${fixed(hours, 1)} hours are too few to tell a leak`);
  report.promise(
    `24 hours of audio take less than ${leakPromiseMiB} MiB`,
    `${fixed(perHour * 24, 0)} MiB by the slope of ${fixed(hours * (1 - warmShare), 1)} hours`,
    perHour * 24 < leakPromiseMiB,
  );
}

/** The longest clips there can be, from every stream at once. */
async function talkWithoutPause(context: Context, server: AudioServer, stream: number): Promise<void> {
  using speaker = await Speaker.connect(server.url, server.config(`long-${stream}`));
  for (let seconds = 0; seconds < longTalkSeconds; ) {
    for (const voice of speakable(context.voices).filter((candidate) => candidate.seconds > 5)) {
      speaker.send(voice.audio);
      seconds += voice.seconds;
    }
  }
  await speaker.finish(longTalkSeconds * 1_000);
}

async function feed(
  context: Context,
  server: AudioServer,
  { stream, until, heard }: { stream: number; until: number; heard: { seconds: number; sessions: number } },
): Promise<void> {
  const voices = speakable(context.voices);
  for (let session = 0; performance.now() < until; session += 1) {
    using speaker = await Speaker.connect(server.url, server.config(`soak-${stream}-${session}`));
    const { audio } = planSpeech(voices, { seconds: talkSeconds, speaker: stream * 1_000 + session });
    const frames = Math.ceil((audio.length + listenSeconds * sampleRate) / frameSamples);
    const silence = new Float32Array(frameSamples);
    for (let i = 0; i < frames && performance.now() < until; i += 1) {
      const frame = audio.subarray(i * frameSamples, (i + 1) * frameSamples);
      speaker.send(frame.length > 0 ? frame : silence);
      heard.seconds += frameSamples / sampleRate;
      while (speaker.bufferedBytes > sentAhead && performance.now() < until) await delay(5);
    }
    await speaker.finish();
    heard.sessions += 1;
  }
}
