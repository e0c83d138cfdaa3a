/** Letters of about five words: people seldom say so many again, word for word, within two sentences. */
const runLength = 20;

/**
 * True when a decode says at length what its prompt said, or says itself twice: a model that was given text before
 * sometimes goes on with it instead of listening. Only a decode without the prompt can tell whether it was said.
 */
export function echoesPrompt(text: string, prompt: string): boolean {
  const heard = letters(text);
  const before = letters(prompt);
  for (let at = 0; at + runLength <= heard.length; at += 1) {
    const run = heard.slice(at, at + runLength);
    if (before.includes(run) || heard.includes(run, at + 1)) return true;
  }
  return false;
}

const letters = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
