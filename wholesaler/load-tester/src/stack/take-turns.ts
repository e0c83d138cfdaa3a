import type { Speech } from '../speech-plan.ts';

const sampleRate = 16_000;

/** Gives the utterances of one speech to so many people in turns; each is silent while another speaks. */
export function takeTurns(speech: Speech, people: number): Speech[] {
  return Array.from({ length: people }, (_, person) => {
    const own = speech.utteranceEnds.map((_, utterance) => utterance).filter((each) => each % people === person);
    const audio = new Float32Array(speech.audio.length);
    for (const utterance of own) {
      const [from, to] = [borderBefore(speech, utterance), borderBefore(speech, utterance + 1)];
      audio.set(speech.audio.subarray(from, to), from);
    }
    return {
      audio,
      words: speech.words
        .filter((word) => own.includes(word.utterance))
        .map((word) => ({ ...word, utterance: own.indexOf(word.utterance) })),
      utteranceEnds: own.map((utterance) => speech.utteranceEnds[utterance] ?? 0),
    };
  });
}

/** The sample in the middle of the pause before an utterance. */
function borderBefore({ audio, words, utteranceEnds }: Speech, utterance: number): number {
  const start = words.find((word) => word.utterance === utterance)?.start;
  const endBefore = utteranceEnds[utterance - 1];
  if (endBefore === undefined) return 0;
  return start === undefined ? audio.length : Math.round(((endBefore + start) / 2) * sampleRate);
}
