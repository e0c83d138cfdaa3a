import type { CloseReason, Participant, ParticipantKind } from '../signaling/messages.ts';

export interface JoinOptions {
  /** Origin of the meeting room, such as `http://127.0.0.1:8090`. */
  server: string;
  room: string;
  name: string;
  hostKey?: string;
  kind?: ParticipantKind;
  /** Offers no connection to other people: what each of a crowd hears of each costs more than the bots that listen. */
  botsOnly?: boolean;
}

export type ParticipantState = 'joining' | 'lobby' | 'in-meeting' | CloseReason | 'left' | 'lost' | 'refused';

/** Epoch milliseconds of the first and the last frame. */
export interface SpokenAt {
  startedAt: number;
  endedAt: number;
}

export interface Heard {
  /** Audio that arrived, silence included. */
  seconds: number;
  /** Audio above the level of a quiet voice. */
  loudSeconds: number;
}

/** What the test asks of the participant's process. */
export type Order =
  | { type: 'speak'; call: number; speech: string | Int16Array }
  | { type: 'set-muted'; muted: boolean }
  | { type: 'listen'; participantId: string }
  | { type: 'admit' | 'deny' | 'remove'; participantId: string }
  | { type: 'end' }
  | { type: 'leave' };

/** What the participant's process reports. */
export type Report =
  | { type: 'state'; state: ParticipantState; id: string; refusal: string }
  | { type: 'others'; participants: Participant[] }
  | { type: 'heard'; participantId: string; heard: Heard }
  | { type: 'spoken'; call: number; at: SpokenAt }
  | { type: 'not-spoken'; call: number; message: string };
