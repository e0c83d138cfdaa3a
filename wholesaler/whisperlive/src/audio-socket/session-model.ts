import type { AudioSession, SendFrame, SessionIdentity } from './audio-session.ts';

/** The model one connection is served by; it stays loaded until it is disposed of. */
export interface SessionModel extends Disposable {
  /** Codes of the languages that may be asked for. */
  readonly languages: readonly string[];
  /** Undefined when one more stream can be served, else the minutes to wait. */
  admission(): number | undefined;
  createSession(identity: SessionIdentity, send: SendFrame): AudioSession;
}
