import type { Wire } from './wire.ts';

/**
 * Counts the steps a process takes outside itself (a statement its database carried out, a call the wholesaler
 * answered), and at the chosen one keeps the answer back and tells. What a step did is then done, and the process does
 * not know.
 */
export class Fuse {
  /** The steps since it was armed, the last of which is the one it blew at. */
  readonly steps: string[] = [];
  #stepsLeft = Number.POSITIVE_INFINITY;
  #onBlow: () => void = () => {};
  #only = '';

  arm(step: number, onBlow: () => void): void {
    this.steps.length = 0;
    this.#stepsLeft = step;
    this.#onBlow = onBlow;
  }

  /** At the first step that begins so. */
  armAt(beginning: string, onBlow: () => void): void {
    this.arm(1, onBlow);
    this.#only = beginning;
  }

  disarm(): void {
    this.#only = '';
    this.#stepsLeft = Number.POSITIVE_INFINITY;
  }

  get hasBlown(): boolean {
    return this.#stepsLeft <= 0;
  }

  /** A statement that changed nothing is no step: to be killed after it is to be killed after the one before. */
  watchPostgres(wire: Wire): void {
    wire.onAnswer = (piece, question) => !isChange(piece) || this.#pass(lastIn(question, statement));
  }

  watchHttp(wire: Wire): void {
    wire.onAnswer = (_piece, question) => this.#pass(lastIn(question, requestLine));
  }

  #pass(step: string): boolean {
    if (this.#stepsLeft === Number.POSITIVE_INFINITY) return true;
    if (this.hasBlown) return false;
    if (!step.startsWith(this.#only)) return true;
    this.steps.push(step);
    this.#stepsLeft--;
    if (this.hasBlown) this.#onBlow();
    return !this.hasBlown;
  }
}

/** In Postgres' protocol: what the server says of a statement that is carried out. */
const isChange = (piece: Buffer): boolean =>
  /C\0{3}.(?:INSERT 0 [1-9]|UPDATE [1-9]|DELETE [1-9]|COMMIT)/s.test(piece.toString('latin1'));

const statement = /(?:insert into|update|delete from|commit)\b[^\0(]{0,40}/gi;
const requestLine = /[A-Z]+ \S+(?= HTTP\/1\.1)/g;

const lastIn = (question: Buffer, pattern: RegExp): string =>
  question.toString('latin1').match(pattern)?.at(-1) ?? 'another step';
