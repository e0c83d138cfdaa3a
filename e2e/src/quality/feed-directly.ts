import { setTimeout as wait } from 'node:timers/promises';
import { createLogger } from '@vexa/shared/logging';
import { ParticipantStream } from '@vexa/vexa-bot/transcription/participant-stream';
import type { HearingNetwork } from './hearing-network.ts';
import type { Line } from './judge-names.ts';
import { speakersOf, type Turn } from './plan-turns.ts';

const sampleRate = 16_000;
const chunkMs = 100;
const everybody = 'everybody';

/**
 * The same turns fed to Whisper as they are, in real time: no room, no codec, no browser. A stream for each person, or one
 * in which all are mixed, as some platforms do.
 */
export async function feedDirectly(
  network: HearingNetwork,
  turns: readonly Turn[],
  { isMixed = false } = {},
): Promise<Line[]> {
  const meeting = await network.newMeeting();
  const { length, tracks } = laidOut(turns, isMixed);
  const streams = [...tracks].map(([name, samples]) => {
    const stream = new ParticipantStream({
      url: network.audioUrl,
      logger: createLogger('quality', 'silent'),
      startedAt: Date.now(),
      settings: () => ({ token: meeting.token, platform: 'local', meeting_id: meeting.id, language: 'en' }),
    });
    stream.identify({ id: name, name });
    return { stream, samples };
  });
  const startedAt = Date.now();
  const perChunk = (sampleRate * chunkMs) / 1000;
  for (let at = 0; at < length; at += perChunk) {
    for (const { stream, samples } of streams) stream.write(samples.subarray(at, at + perChunk));
    await wait(Math.max(0, startedAt + (at / sampleRate) * 1000 - Date.now()));
  }
  await Promise.all(streams.map(({ stream }) => stream.finish(30_000)));
  return meeting.transcript();
}

/** Everybody's track, as long as the meeting; mixed: one of all. */
function laidOut(turns: readonly Turn[], isMixed: boolean): { length: number; tracks: Map<string, Int16Array> } {
  let end = sampleRate;
  const placed = turns.map((turn) => {
    const at = Math.max(0, end + Math.round((turn.pauseMs / 1000) * sampleRate));
    end = Math.max(end, at + turn.voice.audio.length);
    return { ...turn, at };
  });
  const length = end + sampleRate;
  const names = isMixed ? [everybody] : speakersOf(turns);
  const tracks = new Map(names.map((name) => [name, new Int16Array(length)]));
  for (const { speaker, voice, at } of placed) {
    tracks.get(isMixed ? everybody : speaker)?.set(
      Int16Array.from(voice.audio, (sample) => Math.round(sample * 32_767)),
      at,
    );
  }
  return { length, tracks };
}
