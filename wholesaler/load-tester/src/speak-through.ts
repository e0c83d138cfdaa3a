import { setTimeout as delay } from 'node:timers/promises';
import type { Shown, ShownSegment } from './heard.ts';
import type { AudioTarget } from './run-speakers.ts';
import { RefusedError, Speaker } from './speaker.ts';

const sampleRate = 16_000;
const frameSamples = 2_048;
const orderlyEnd = 1_000;
/** As the collector has it: what begins this much before the point of a resumption is said again. */
const voidMargin = 0.05;
const mostConnections = 20;
const firstWaitMs = 200;

export interface Heard {
  /** By the clock of the speech; what a lost connection left unfinished is taken back. */
  timeline: Shown[];
  /** What counts in the end, in order; seconds of the speech. */
  finals: ShownSegment[];
  connections: number;
  refusals: number;
}

interface Session {
  uid: string;
  /** Where in the speech its first sample is, in seconds. */
  base: number;
}

/**
 * Speaks in real time as a bot does: when the connection is lost, the next one says which session it resumes and from
 * where, and gets everything again from the last final. Rejects when nobody is there for 20 connections in a row.
 */
export async function speakThrough(target: AudioTarget, uid: string, audio: Float32Array): Promise<Heard> {
  const [startMs, startedAt] = [performance.now(), Date.now()];
  const timeline: Shown[] = [];
  const segments = new Map<string, ShownSegment>();
  let [last, connections, refusals]: [Session | undefined, number, number] = [undefined, 0, 0];
  for (let attempt = 0; ; ) {
    const from = last ? voidAfterFinals(segments, timeline, (performance.now() - startMs) / 1000) : 0;
    const session: Session = { uid: `${uid}-${connections}-${attempt}`, base: from };
    const config = {
      ...target.config(session.uid),
      start_timestamp: new Date(startedAt + from * 1000).toISOString(),
      ...(last && { resumes: { uid: last.uid, from_seconds: from - last.base } }),
    };
    try {
      using speaker = await Speaker.connect(target.url, config);
      [connections, last] = [connections + 1, session];
      const ended = await speakOn(speaker, { audio, from, startMs });
      for (const { atMs, segments: shown } of speaker.received) {
        const absolute = shown.map((segment) => moved(segment, session));
        for (const segment of absolute) segments.set(segment.segment_id ?? '', segment);
        timeline.push({ at: (atMs - startMs) / 1000, segments: absolute });
      }
      if (ended) return { timeline, finals: finalsOf(segments), connections, refusals };
      attempt = 0;
    } catch (error) {
      if (error instanceof RefusedError) refusals += 1;
      if (++attempt >= mostConnections) throw error;
      await delay(firstWaitMs * attempt);
    }
  }
}

/** Returns whether the server hung up in good order after it was told that no more follows. */
async function speakOn(
  speaker: Speaker,
  { audio, from, startMs }: { audio: Float32Array; from: number; startMs: number },
): Promise<boolean> {
  for (let at = Math.round(from * sampleRate); at < audio.length; at += frameSamples) {
    const frame = audio.slice(at, at + frameSamples);
    const early = startMs + ((at + frame.length) / sampleRate) * 1000 - performance.now();
    if (early > 0) await delay(early);
    if (speaker.closeCode !== undefined) return false;
    speaker.send(frame);
  }
  await speaker.finish();
  return speaker.closeCode === orderlyEnd;
}

/** Takes back what is not final, and gives the second from which all is to be said again. */
function voidAfterFinals(segments: Map<string, ShownSegment>, timeline: Shown[], at: number): number {
  const from = Math.max(0, ...finalsOf(segments).map(({ end }) => end));
  const taken = [...segments].filter(([, { completed, start }]) => !completed || start >= from - voidMargin);
  for (const [id] of taken) segments.delete(id);
  timeline.push({ at, segments: taken.map(([, segment]) => ({ ...segment, text: '', completed: true })) });
  return from;
}

const moved = (segment: ShownSegment, { uid, base }: Session): ShownSegment => ({
  ...segment,
  segment_id: segment.segment_id ?? `${uid}:${segment.start}`,
  start: segment.start + base,
  end: segment.end + base,
});

const finalsOf = (segments: ReadonlyMap<string, ShownSegment>): ShownSegment[] =>
  [...segments.values()].filter(({ completed }) => completed).sort((a, b) => a.start - b.start);
