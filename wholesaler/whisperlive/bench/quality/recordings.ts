import { alignWords } from '@vexa/load-tester/align-words';
import type { Voice } from '@vexa/load-tester/voices';
import { maxSeconds } from '../../src/engine/mel.ts';
import { finals, hear } from '../../test/support/hear.ts';
import { voicedSeconds } from '../measure/our-engine.ts';
import { percent, type Report } from '../measure/report.ts';
import { addErrors, type TextErrors, textErrors, wer, wordsOf } from '../measure/text-errors.ts';
import { type Listener, mapSome } from './quality-models.ts';

interface Heard {
  voice: Voice;
  /** Decoded in one piece; undefined when it is too long for that. */
  alone: string | undefined;
  streamed: string;
  /** Whether each utterance was taken for the right language. */
  language: boolean;
}

/** Word errors of streams may be this much above those of recordings decoded in one piece. */
const streamingPromise = 0.03;
const worstShown = 8;
const silenceAfter = 16_000;
/** Recordings that go on after their reference ends, so that words behind it are not invented. */
const endsEarly = new Set(['ms-two-cities.wav', 'ami-ES2011a-40s.wav']);

/** Word errors by recording and language: decoded in one piece, and heard as a stream that detects the language. */
export async function measureRecordings(listener: Listener, all: readonly Voice[], report: Report): Promise<void> {
  const { model, engine } = listener;
  const chosen = all.filter(({ reference, language }) => reference && (engine.multilingual || language === 'en'));
  report.progress(`${model}: ${chosen.length} recordings in one piece and as streams`);
  const voiced = await voicedSeconds(chosen);
  const heard = await mapSome(chosen, async (voice, i): Promise<Heard> => {
    const { audio, language } = voice;
    const job = { audio, language, task: 'transcribe' as const, voicedSeconds: voiced[i] ?? 0 };
    const alone = voice.seconds < maxSeconds ? (await engine.transcribe(job)).text : undefined;
    const padded = new Float32Array(audio.length + silenceAfter);
    padded.set(audio);
    const segments = finals(await hear(padded, { engine, voice: listener.voices.create() }));
    return {
      ...{ voice, alone },
      streamed: segments.map(({ text }) => text).join(' '),
      language: segments.every((segment) => segment.language === language),
    };
  });
  show(model, heard, report);
}

function errorsOf({ file, reference, language }: Voice, text: string): TextErrors {
  if (!endsEarly.has(file)) return textErrors(reference, text, language);
  const [wanted, got] = [wordsOf(reference, language), wordsOf(text, language)];
  const last = alignWords(wanted, got).findLast(({ kind }) => kind === 'same' || kind === 'substituted');
  const end = last && 'hypothesis' in last ? last.hypothesis + 1 : got.length;
  return textErrors(reference, got.slice(0, end).join(' '), language);
}

function show(model: string, heard: readonly Heard[], report: Report): void {
  const languages = [...new Set(heard.map(({ voice }) => voice.language))];
  const errorsIn = (text: 'alone' | 'streamed', some: readonly Heard[]): TextErrors =>
    addErrors(some.map(({ voice, [text]: heardText }) => errorsOf(voice, heardText ?? '')));
  const rows = languages.map((language) => {
    const all = heard.filter(({ voice }) => voice.language === language);
    const inOnePiece = all.filter(({ alone }) => alone !== undefined);
    return {
      ...{ language, recordings: all.length, words: errorsIn('streamed', all).words },
      alone: errorsIn('alone', inOnePiece),
      streamed: errorsIn('streamed', inOnePiece),
      all: errorsIn('streamed', all),
      languageRight: all.filter(({ language: right }) => right).length,
    };
  });
  report.table(
    `Word errors, ${model} (characters in ja and ko); streams detect the language themselves`,
    [
      '',
      'recordings',
      'words',
      'in one piece',
      'streamed',
      'streamed, with long ones',
      'lost sentences',
      'language right',
    ],
    rows.map((row) => [
      ...[row.language, row.recordings, row.words, percent(wer(row.alone)), percent(wer(row.streamed))],
      ...[percent(wer(row.all)), `${row.alone.lostSentences} / ${row.all.lostSentences}`],
      `${row.languageRight} of ${row.recordings}`,
    ]),
  );
  const clips = heard.map(({ voice, alone, streamed }) => ({
    ...{ file: voice.file, language: voice.language, seconds: voice.seconds },
    alone: alone === undefined ? undefined : wer(errorsOf(voice, alone)),
    streamed: wer(errorsOf(voice, streamed)),
    ...{ texts: { alone, streamed } },
  }));
  const worse = clips.filter((clip) => clip.streamed > (clip.alone ?? 0)).sort((a, b) => b.streamed - a.streamed);
  report.table(
    `Recordings that streams hear worse, ${model}`,
    ['', 'in one piece', 'streamed', ''],
    worse
      .slice(0, worstShown)
      .map((clip) => [
        ...[clip.file, clip.alone === undefined ? undefined : percent(clip.alone), percent(clip.streamed)],
        clip.texts.streamed.slice(0, 60),
      ]),
  );
  report.figures(`recordings ${model}`, { rows, clips });
  const [english] = rows.filter(({ language }) => language === 'en');
  if (!english) return;
  report.promise(
    `${model}: streams make at most ${percent(streamingPromise)} more word errors than decoding in one piece`,
    `${percent(wer(english.streamed))} against ${percent(wer(english.alone))}`,
    wer(english.streamed) <= wer(english.alone) + streamingPromise,
  );
}
