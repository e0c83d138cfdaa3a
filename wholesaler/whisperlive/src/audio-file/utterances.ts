import { AudioBuffer } from '../streaming/audio-buffer.ts';
import type { StreamingPolicy } from '../streaming/policy.ts';
import { quietestPoint } from '../streaming/quietest-point.ts';
import { samples, type Utterance, UtteranceDetector } from '../streaming/utterance-detector.ts';
import { type VoiceDetector, vadWindow } from '../vad/silero.ts';

export interface SpokenUtterance extends Utterance {
  /** 16 kHz, from `from` to `to`. */
  audio: Float32Array;
}

/** The stretches of speech in a recording, in order, without overlap; returns the number of samples in all. */
export async function* findUtterances(
  pieces: AsyncIterable<Float32Array>,
  { voice, policy }: { voice: VoiceDetector; policy: StreamingPolicy },
): AsyncGenerator<SpokenUtterance, number> {
  const audio = new AudioBuffer();
  const detector = new UtteranceDetector(policy);
  let analysed = 0;
  const spoken = (utterance: Utterance | undefined): SpokenUtterance[] => {
    if (!utterance || utterance.voicedSamples < samples(policy.minVoiced)) return [];
    const { from, to, voiceEnd } = utterance;
    // The last window may reach over the end of the recording.
    const within = { to: Math.min(to, audio.end), voiceEnd: Math.min(voiceEnd, audio.end) };
    return [{ ...utterance, ...within, audio: audio.slice(from, to) }];
  };
  for await (const piece of pieces) {
    audio.append(piece);
    while (audio.end - analysed >= vadWindow) {
      const window = audio.slice(analysed, analysed + vadWindow);
      analysed += vadWindow;
      yield* spoken(detector.push(await voice.probability(window)));
      const { open } = detector;
      if (open && detector.mustCut) {
        const cut = open.from + quietestPoint(audio.view(open.from, analysed), samples(policy.cutSearchFrom));
        yield* spoken(detector.cut(cut));
      }
      audio.dropBefore(Math.min(detector.neededFrom, analysed));
    }
  }
  if (audio.end > analysed) {
    const window = new Float32Array(vadWindow); // the rest, and silence
    window.set(audio.view(analysed, audio.end));
    yield* spoken(detector.push(await voice.probability(window)));
  }
  yield* spoken(detector.flush());
  return audio.end;
}
