import { type Clip, readClips } from './voices.ts';

/** One turn of the scripted meeting. `together` starts at the same moment as the turn before it. */
export interface ScriptedTurn {
  speaker: string;
  clip: Clip;
  together?: boolean;
}

const lines: [speaker: string, file: string, together?: 'together'][] = [
  ['John', 'pv-en.wav'],
  ['Emma', 'lv-sense-0870.wav'],
  ['Tara', 'sb-spk1_snt1.wav'],
  ['Emma', 'lv-sense-0920.wav'],
  ['Tara', 'sb-spk1_snt2.wav', 'together'],
  ['Emma', 'lv-sense-0890.wav'],
  ['Tara', 'sb-spk1_snt4.wav'],
];

/** Three people with real voices, turn by turn, and once two of them at the same time. */
export async function demoScript(): Promise<ScriptedTurn[]> {
  const clips = await readClips();
  return lines.map(([speaker, file, together]) => {
    const clip = clips.get(file);
    if (!clip) throw new Error(`The voice ${file} is missing from the shipped clips`);
    return { speaker, clip, ...(together ? { together: true } : {}) };
  });
}

export const speakersOf = (script: ScriptedTurn[]): string[] => [...new Set(script.map((turn) => turn.speaker))];
