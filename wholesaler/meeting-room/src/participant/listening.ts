import wrtc from '@roamhq/wrtc';
import type { Heard } from './protocol.ts';

interface AudioFrame {
  samples: Int16Array;
  sampleRate: number;
}

const loudRms = 300;

/** What a participant hears of the others; listens only to whom it was asked about. */
export class Listening implements Disposable {
  readonly #tracks = new Map<string, MediaStreamTrack>();
  readonly #ears = new Map<string, { sink: wrtc.nonstandard.RTCAudioSink; heard: Heard }>();
  readonly #wanted = new Set<string>();

  add(participantId: string, track: MediaStreamTrack): void {
    this.#tracks.set(participantId, track);
    this.#stop(participantId);
    if (this.#wanted.has(participantId)) this.#listen(participantId, track);
  }

  /** Starts listening to this participant at the first call. */
  heard(participantId: string): Heard {
    this.#wanted.add(participantId);
    const track = this.#tracks.get(participantId);
    if (track && !this.#ears.has(participantId)) this.#listen(participantId, track);
    return { ...(this.#ears.get(participantId)?.heard ?? { seconds: 0, loudSeconds: 0 }) };
  }

  drop(participantId: string): void {
    this.#stop(participantId);
    this.#tracks.delete(participantId);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#tracks.keys()]) this.drop(id);
  }

  #listen(participantId: string, track: MediaStreamTrack): void {
    const heard: Heard = { seconds: 0, loudSeconds: 0 };
    const sink = new wrtc.nonstandard.RTCAudioSink(track);
    sink.ondata = ({ samples, sampleRate }: AudioFrame) => {
      const seconds = samples.length / sampleRate;
      heard.seconds += seconds;
      const energy = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      if (Math.sqrt(energy) > loudRms) heard.loudSeconds += seconds;
    };
    this.#ears.set(participantId, { sink, heard });
  }

  #stop(participantId: string): void {
    const ear = this.#ears.get(participantId);
    this.#ears.delete(participantId);
    ear?.sink.stop();
  }
}
