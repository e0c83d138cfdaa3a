import type { AudioControl } from '@vexa/shared/contracts/audio';

type SpeakerActivity = Extract<AudioControl, { type: 'speaker_activity' }>;

export interface Speaker {
  id: string;
  /** Empty while the page shows none. */
  name: string;
}

interface Turn {
  who: Speaker;
  /** Position in the stream, in samples. */
  at: number;
  speaking: boolean;
}

const maxTurns = 400;

/** When it showed that somebody began and stopped to speak; remembers enough to tell a new session. */
export class SpeakerLog {
  readonly #turns: Turn[] = [];
  readonly #speaking = new Map<string, Speaker>();

  /** Who speaks now. */
  get speaking(): Speaker[] {
    return [...this.#speaking.values()];
  }

  /** The one with this id, if they speak now. */
  speakingAs(id: string): Speaker | undefined {
    return this.#speaking.get(id);
  }

  add(turn: Turn): void {
    this.#turns.push(turn);
    if (this.#turns.length > maxTurns) this.#turns.shift();
    if (turn.speaking) this.#speaking.set(turn.who.id, turn.who);
    else this.#speaking.delete(turn.who.id);
  }

  /** The turns from a position on; begins with a start for everybody who was speaking there already. */
  since(position: number): Turn[] {
    const open = new Map<string, Turn>();
    const later: Turn[] = [];
    for (const turn of this.#turns) {
      if (turn.at >= position) later.push(turn);
      else if (turn.speaking) open.set(turn.who.id, { ...turn, at: position });
      else open.delete(turn.who.id);
    }
    return [...open.values(), ...later];
  }
}

/** The message about one turn for a session that began at `base`. */
export const speakerActivity = (
  { who, at, speaking }: Turn,
  { base, sampleRate }: { base: number; sampleRate: number },
): SpeakerActivity => ({
  type: 'speaker_activity',
  payload: {
    event_type: speaking ? 'SPEAKER_START' : 'SPEAKER_END',
    participant_name: who.name,
    participant_id: who.id,
    relative_client_timestamp_ms: Math.max(0, Math.round(((at - base) / sampleRate) * 1000)),
  },
});
