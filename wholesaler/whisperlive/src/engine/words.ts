/**
 * A word of a transcript. `text` carries the space before it and its punctuation, so that the words joined are the
 * transcript; the tokens of all words joined are its tokens.
 */
export interface Word {
  text: string;
  tokens: readonly number[];
  /** Seconds in the clip; present when the job asked for word times. */
  start?: number;
  end?: number;
  /** Mean probability of its tokens, where it was measured. */
  probability?: number;
}

/** Languages written without spaces: each character is a word of its own, as in openai/whisper. */
const withoutSpaces = new Set(['zh', 'ja', 'th', 'lo', 'my', 'yue']);
/** Punctuation that belongs to the word after it, and to the word before it (openai/whisper, timing.py). */
const prepended = new Set('"\'“¿([{-');
const appended = new Set('"\'.。,，!！?？:：”)]}、');
const broken = '\ufffd';
/** What Python's `string.punctuation` holds. */
const asciiPunctuation = /^[!-/:-@[-`{-~]+$/;

/** Splits a transcript's tokens into words as openai/whisper does (tokenizer.py `split_to_word_tokens`, timing.py). */
export function splitWords(
  tokens: readonly number[],
  language: string,
  decode: (tokens: readonly number[]) => string,
): Word[] {
  const characters = splitOnCharacters(tokens, decode);
  const words = withoutSpaces.has(language) ? characters : joinOnSpaces(characters);
  return attachPunctuation(words.filter(({ tokens: own }) => own.length > 0));
}

interface Piece {
  text: string;
  tokens: number[];
}

/** The shortest runs of tokens that are whole characters. */
function splitOnCharacters(tokens: readonly number[], decode: (tokens: readonly number[]) => string): Piece[] {
  const all = decode(tokens);
  const pieces: Piece[] = [];
  let open: number[] = [];
  let at = 0;
  for (const token of tokens) {
    open.push(token);
    const text = decode(open);
    const hole = text.indexOf(broken);
    // A character that is broken in the whole transcript too will not become whole by waiting.
    if (hole >= 0 && all[at + hole] !== broken) continue;
    pieces.push({ text, tokens: open });
    at += text.length;
    open = [];
  }
  if (open.length > 0) pieces.push({ text: decode(open), tokens: open });
  return pieces;
}

function joinOnSpaces(pieces: readonly Piece[]): Piece[] {
  const words: Piece[] = [];
  for (const { text, tokens } of pieces) {
    const last = words.at(-1);
    if (!last || text.startsWith(' ') || asciiPunctuation.test(text.trim())) {
      words.push({ text, tokens: [...tokens] });
    } else {
      last.text += text;
      last.tokens.push(...tokens);
    }
  }
  return words;
}

function attachPunctuation(words: readonly Piece[]): Word[] {
  const backward: Piece[] = [];
  for (const word of words.toReversed()) {
    const next = backward.at(-1);
    const opens = word.text.startsWith(' ') && prepended.has(word.text.trim());
    if (next && opens) {
      next.text = word.text + next.text;
      next.tokens.unshift(...word.tokens);
    } else backward.push({ text: word.text, tokens: [...word.tokens] });
  }
  const joined: Piece[] = [];
  for (const word of backward.toReversed()) {
    const before = joined.at(-1);
    if (before && !before.text.endsWith(' ') && appended.has(word.text)) {
      before.text += word.text;
      before.tokens.push(...word.tokens);
    } else joined.push(word);
  }
  return joined;
}
