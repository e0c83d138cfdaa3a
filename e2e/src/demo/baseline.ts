import { type WordErrors, wordErrorRate } from '@vexa/shared/testing/word-error-rate';
import { transcribeClip } from '@vexa/whisperlive/transcribe-clip';
import type { ScriptedTurn } from './script.ts';

/** What Whisper itself makes of the same clips, without room, codec, bot or streaming: the bar for the whole path. */
export async function whisperAlone(script: ScriptedTurn[]): Promise<WordErrors> {
  const texts: string[] = [];
  for (const turn of script) texts.push(await transcribeClip(turn.clip.path));
  const reference = script.map((turn) => turn.clip.reference).join(' ');
  return wordErrorRate(reference, texts.join(' '));
}
