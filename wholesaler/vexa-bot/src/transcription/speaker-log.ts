import type { AudioControl } from '@vexa/shared/contracts/audio';

type SpeakerActivity = Extract<AudioControl, { type: 'speaker_activity' }>;

interface Turn {
  /** Position in the stream, in samples. */
  at: number;
  speaking: boolean;
}

const maxTurns = 400;

/** When somebody's tile began and stopped to show that they speak; remembers enough to tell a new session. */
export class SpeakerLog {
  readonly #turns: Turn[] = [];

  get speaking(): boolean {
    return this.#turns.at(-1)?.speaking ?? false;
  }

  add(turn: Turn): void {
    this.#turns.push(turn);
    if (this.#turns.length > maxTurns) this.#turns.shift();
  }

  /** The turns from a position on; begins with a start when somebody was speaking there already. */
  since(position: number): Turn[] {
    const before = this.#turns.findLast(({ at }) => at < position);
    const later = this.#turns.filter(({ at }) => at >= position);
    return before?.speaking ? [{ at: position, speaking: true }, ...later] : later;
  }
}

/** The message about one turn for a session that began at `base`. */
export const speakerActivity = (
  turn: Turn,
  { base, sampleRate, id, name }: { base: number; sampleRate: number; id: string; name: string },
): SpeakerActivity => ({
  type: 'speaker_activity',
  payload: {
    event_type: turn.speaking ? 'SPEAKER_START' : 'SPEAKER_END',
    participant_name: name,
    participant_id: id,
    relative_client_timestamp_ms: Math.max(0, Math.round(((turn.at - base) / sampleRate) * 1000)),
  },
});
