import type { TextFormat, Transcript } from '../contracts/transcript.ts';
import { type Cue, clock, oneLine, toSrt, toVtt } from './subtitles.ts';

export const mediaTypes: Record<TextFormat, string> = {
  srt: 'application/x-subrip; charset=utf-8',
  vtt: 'text/vtt; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
};

type Written = Pick<Transcript, 'platform' | 'native_meeting_id' | 'start_time' | 'segments'>;

/** A transcript as text: subtitles (srt, vtt), one line a turn (txt), or a document with a heading (md). */
export function formatTranscript(transcript: Written, format: TextFormat): string {
  const segments = transcript.segments.filter(({ text }) => text.trim() !== '');
  switch (format) {
    case 'srt':
      return toSrt(segments.map(trimmed));
    case 'vtt':
      return toVtt(segments.map(trimmed));
    case 'txt':
      return turnsOf(segments)
        .map(({ start, text, speaker }) => `[${shortClock(start)}] ${speaker ? `${oneLine(speaker)}: ` : ''}${text}\n`)
        .join('');
    case 'md':
      return markdown(transcript, turnsOf(segments));
  }
}

const trimmed = <C extends Cue>(cue: C): C => ({ ...cue, text: cue.text.trim() });

/** Segments of one speaker that follow each other are one turn. */
function turnsOf(segments: readonly Cue[]): Cue[] {
  const turns: Cue[] = [];
  for (const segment of segments) {
    const text = oneLine(segment.text.trim());
    const last = turns.at(-1);
    if (last && last.speaker === segment.speaker && segment.start - last.end < longestPauseSeconds) {
      last.text += ` ${text}`;
      last.end = Math.max(last.end, segment.end);
    } else turns.push({ ...segment, text });
  }
  return turns;
}

// A longer silence begins a new line, so that the times beside the lines stay of use.
const longestPauseSeconds = 30;

function markdown({ platform, native_meeting_id: id, start_time: startedAt }: Written, turns: Cue[]): string {
  const heading = `# ${escapeMarkdown(id)}\n\n${platform}${startedAt ? `, ${startedAt}` : ''}\n`;
  const lines = turns.map(({ start, text, speaker }) => {
    const name = speaker ? `**${escapeMarkdown(oneLine(speaker))}** ` : '';
    return `\n${name}_${shortClock(start)}_\n\n${escapeMarkdown(text)}\n`;
  });
  return heading + lines.join('');
}

const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/[\\`*_{}[\]<>#|~]/g, '\\$&')
    .replace(/^(\s*)(\d+)([.)])(?=\s)/, '$1$2\\$3')
    .replace(/^(\s*)([-+=])/, '$1\\$2');

const shortClock = (seconds: number): string => clock(Math.floor(Math.round(seconds * 1000) / 1000), '.').slice(0, -4);
