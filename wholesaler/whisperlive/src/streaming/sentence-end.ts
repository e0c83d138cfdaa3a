const sentenceMark = /[.?!…。？！][)"'»”’]*$/u;
/** A full stop after these, or after a single letter, belongs to the word. */
const abbreviation = /(^|\s)(mr|mrs|ms|dr|st|jr|sr|vs|etc|e\.g|i\.e|[\p{L}])\.$/iu;

/** True when the text ends a sentence, as far as its punctuation tells. */
export function endsSentence(text: string): boolean {
  const trimmed = text.trim();
  return sentenceMark.test(trimmed) && !abbreviation.test(trimmed) && !trimmed.endsWith('...');
}
