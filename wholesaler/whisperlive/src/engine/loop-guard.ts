/** Faster speech than this does not exist, so a decoder that writes more is repeating itself. */
export const maxTokensPerSecond = 8;

/** How often a phrase of so many tokens may follow itself; people say "no, no, no", but not whole sentences thrice. */
function allowedRepeats(length: number): number {
  if (length === 1) return 6;
  return length <= 3 ? 4 : 2;
}

const longestPhrase = 32;

/** True when some phrase is repeated back to back more often than speech does. */
export function repeatsItself(tokens: readonly number[]): boolean {
  for (let length = 1; length <= longestPhrase; length += 1) {
    const limit = allowedRepeats(length) * length;
    let matched = 0;
    for (let i = length; i < tokens.length; i += 1) {
      matched = tokens[i] === tokens[i - length] ? matched + 1 : 0;
      if (matched >= limit) return true;
    }
  }
  return false;
}
