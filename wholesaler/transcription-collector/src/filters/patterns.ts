import { z } from 'zod';
import { wordsOf } from './words.ts';

/** What Whisper writes when nobody speaks: sound labels, subtitle credits, and text without a letter or digit. */
export const defaultDropPatterns: readonly RegExp[] = [
  /^[^\p{L}\p{N}]*$/u,
  /^\s*(?:[[(*♪][^\])*♪]*[\])*♪]\s*)+$/u,
  /^\s*(?:thanks|thank you)(?: so much| very much)? for watching\W*$/iu,
  /^\s*(?:please )?(?:like and )?subscribe(?: to (?:my|our|the) channel)?\W*$/iu,
  /^\s*(?:subtitles|subtitled|captions|captioned|transcribed) by(?: \S+){1,5}\s*$/iu,
  /^.*\bamara\.org\b.*$/iu,
];

/** A JSON list of regular expressions, matched against the whole text without regard to case. */
export const PatternList = z.string().transform((text, ctx) => {
  try {
    return z
      .array(z.string().min(1))
      .max(100)
      .parse(JSON.parse(text))
      .map((pattern) => new RegExp(pattern, 'iu'));
  } catch {
    ctx.addIssue({ code: 'custom', message: 'must be a JSON list of regular expressions such as ["^beep$"]' });
    return z.NEVER;
  }
});

/** Words separated by commas, in any case. */
export const WordList = z
  .string()
  .max(10_000)
  .transform((text) => new Set(text.split(',').flatMap((word) => wordsOf(word))));
