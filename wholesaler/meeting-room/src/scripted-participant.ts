import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { Heard, JoinOptions, Order, ParticipantState, Report, SpokenAt } from './participant/protocol.ts';
import type { Participant } from './signaling/messages.ts';

export interface ScriptedParticipant extends AsyncDisposable {
  /** Empty until the lobby or the meeting is reached. */
  readonly id: string;
  readonly state: ParticipantState;
  /** Rejects when refused, denied, or not admitted in time (45 s by default). */
  waitUntilAdmitted(timeoutMs?: number): Promise<void>;
  /** Resolves when the state is one of these; rejects after the timeout (45 s by default). */
  waitUntil(states: ParticipantState[], timeoutMs?: number): Promise<ParticipantState>;
  /** Speaks a WAV file or 16 kHz mono samples in real time, after what is being spoken already. */
  speak(speech: string | Int16Array): Promise<SpokenAt>;
  mute(): void;
  unmute(): void;
  /** The others, in the order they came. */
  participants(): Participant[];
  /** What arrived from somebody since the first time of asking; refreshed ten times a second. */
  heard(participantId: string): Heard;
  /** For hosts. */
  admit(participantId: string): void;
  deny(participantId: string): void;
  remove(participantId: string): void;
  end(): void;
  leave(): Promise<void>;
  /** Killed without a goodbye: the socket and the peer connections just stop. */
  vanish(): Promise<void>;
}

interface Call {
  done: (at: SpokenAt) => void;
  fail: (error: Error) => void;
}

const defaultTimeoutMs = 45_000;
const goodbyeMs = 2_000;
const waysIn: ParticipantState[] = ['joining', 'lobby', 'in-meeting'];

/**
 * A person made of a script: joins a room over real WebRTC and speaks WAV files. Returns at once, still joining.
 * Each lives in a process of its own, because the native WebRTC library can crash when its process ends, and because
 * only a killed process vanishes as a crashed browser does.
 */
export const joinAsParticipant = (options: JoinOptions): ScriptedParticipant => new ParticipantHandle(options);

class ParticipantHandle implements ScriptedParticipant {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #calls = new Map<number, Call>();
  readonly #heard = new Map<string, Heard>();
  readonly #watchers = new Set<() => void>();
  #others: Participant[] = [];
  #lastCall = 0;
  #refusal = '';
  id = '';
  state: ParticipantState = 'joining';

  constructor(options: JoinOptions) {
    this.#name = options.name;
    this.#child = fork(
      new URL('./participant/participant-process.ts', import.meta.url),
      ['--join', JSON.stringify(options)],
      { execArgv: [], serialization: 'advanced' },
    );
    this.#child.on('message', (report: Report) => this.#receive(report));
    this.#exited = new Promise((done) => {
      this.#child.once('exit', () => {
        if (waysIn.includes(this.state)) this.#become('lost');
        this.#failCalls();
        done();
      });
    });
  }

  async waitUntilAdmitted(timeoutMs = defaultTimeoutMs): Promise<void> {
    const reached = await this.#waitFor((state) => state === 'in-meeting' || !waysIn.includes(state), timeoutMs);
    if (reached !== 'in-meeting') throw new Error(`${this.#name} was not let in: ${this.#refusal || reached}`);
  }

  waitUntil(states: ParticipantState[], timeoutMs = defaultTimeoutMs): Promise<ParticipantState> {
    return this.#waitFor((state) => states.includes(state), timeoutMs);
  }

  speak(speech: string | Int16Array): Promise<SpokenAt> {
    if (!waysIn.includes(this.state)) return Promise.reject(new Error(`${this.#name} is ${this.state}`));
    const { promise, resolve: done, reject: fail } = Promise.withResolvers<SpokenAt>();
    const call = ++this.#lastCall;
    this.#calls.set(call, { done, fail });
    this.#order({ type: 'speak', call, speech: typeof speech === 'string' ? resolve(speech) : speech });
    return promise;
  }

  mute(): void {
    this.#order({ type: 'set-muted', muted: true });
  }

  unmute(): void {
    this.#order({ type: 'set-muted', muted: false });
  }

  participants(): Participant[] {
    return this.#others;
  }

  heard(participantId: string): Heard {
    const known = this.#heard.get(participantId);
    if (known) return known;
    this.#order({ type: 'listen', participantId });
    return { seconds: 0, loudSeconds: 0 };
  }

  admit(participantId: string): void {
    this.#order({ type: 'admit', participantId });
  }

  deny(participantId: string): void {
    this.#order({ type: 'deny', participantId });
  }

  remove(participantId: string): void {
    this.#order({ type: 'remove', participantId });
  }

  end(): void {
    this.#order({ type: 'end' });
  }

  async leave(): Promise<void> {
    if (waysIn.includes(this.state) && this.#child.connected) {
      this.#order({ type: 'leave' });
      const cut = setTimeout(() => this.#child.kill('SIGKILL'), goodbyeMs);
      await Promise.race([this.#waitFor((state) => !waysIn.includes(state), goodbyeMs * 2), this.#exited]);
      clearTimeout(cut);
    }
    await this.#kill();
  }

  async vanish(): Promise<void> {
    await this.#kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  async #kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #order(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  #receive(report: Report): void {
    switch (report.type) {
      case 'state':
        this.id = report.id;
        this.#refusal = report.refusal;
        this.#become(report.state);
        break;
      case 'others':
        this.#others = report.participants;
        break;
      case 'heard':
        this.#heard.set(report.participantId, report.heard);
        break;
      case 'spoken':
        this.#take(report.call)?.done(report.at);
        break;
      case 'not-spoken':
        this.#take(report.call)?.fail(new Error(`${this.#name}: ${report.message}`));
    }
  }

  #take(call: number): Call | undefined {
    const found = this.#calls.get(call);
    this.#calls.delete(call);
    return found;
  }

  #failCalls(): void {
    for (const call of [...this.#calls.keys()]) this.#take(call)?.fail(new Error(`${this.#name} is gone`));
  }

  #become(state: ParticipantState): void {
    this.state = state;
    for (const watch of this.#watchers) watch();
  }

  async #waitFor(fits: (state: ParticipantState) => boolean, timeoutMs: number): Promise<ParticipantState> {
    const { promise, resolve: reached, reject } = Promise.withResolvers<ParticipantState>();
    const watch = () => {
      if (fits(this.state)) reached(this.state);
    };
    const timer = setTimeout(
      () => reject(new Error(`${this.#name} is still ${this.state} after ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#watchers.add(watch);
    watch();
    try {
      return await promise;
    } finally {
      this.#watchers.delete(watch);
      clearTimeout(timer);
    }
  }
}
