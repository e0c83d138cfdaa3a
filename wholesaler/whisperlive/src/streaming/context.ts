import type { StreamingPolicy } from './policy.ts';

interface Said {
  text: string;
  language: string;
  averageLogprob: number;
  /** Seconds since the stream's first sample. */
  end: number;
}

/**
 * What was said just before, as a prompt for the next decode: names and spelling stay the same, and half sentences go on.
 * It is forgotten where it would rather mislead: after a long silence, in another language, after doubtful words.
 */
export class Context {
  readonly #policy: StreamingPolicy;
  #text = '';
  #end = 0;
  #language: string | undefined;

  constructor(policy: StreamingPolicy) {
    this.#policy = policy;
  }

  /** The last words before the second `start`; undefined when there are none that help. */
  before(start: number): string | undefined {
    if (start - this.#end > this.#policy.promptMaxAge) this.forget();
    return this.#text || undefined;
  }

  add({ text, language, averageLogprob, end }: Said): void {
    this.#end = end;
    if (!text) return;
    const doubtful = averageLogprob < this.#policy.minPromptLogprob;
    if (doubtful || language !== this.#language) this.forget();
    this.#language = language;
    if (!doubtful) this.#text = lastWords(`${this.#text} ${text}`.trim(), this.#policy.promptCharacters);
  }

  forget(): void {
    this.#text = '';
  }
}

function lastWords(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const end = text.slice(-characters);
  // A word cut in two would be a new word; languages without spaces have no other place to cut.
  return end.slice(end.indexOf(' ') + 1);
}
