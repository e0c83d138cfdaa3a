/** A piece of text with its time in seconds. */
export interface Cue {
  start: number;
  end: number;
  text: string;
  /** The text as it is to be laid out; without it, all of it is one line. */
  lines?: readonly string[];
  speaker?: string | null;
}

/** SubRip: numbered cues; a speaker is written before the text. */
export const toSrt = (cues: readonly Cue[]): string =>
  cues
    .map(({ speaker, ...cue }, i) => {
      const line = speaker ? `${oneLine(speaker)}: ${laidOut(cue)}` : laidOut(cue);
      return `${i + 1}\n${clock(cue.start, ',')} --> ${clock(cue.end, ',')}\n${line}\n\n`;
    })
    .join('');

/** WebVTT (https://www.w3.org/TR/webvtt1/): a speaker is a voice span. */
export const toVtt = (cues: readonly Cue[]): string => {
  const written = cues.map(({ speaker, ...cue }) => {
    const text = escapeMarkup(laidOut(cue));
    const line = speaker ? `<v ${escapeMarkup(oneLine(speaker))}>${text}</v>` : text;
    return `${clock(cue.start, '.')} --> ${clock(cue.end, '.')}\n${line}\n\n`;
  });
  return `WEBVTT\n\n${written.join('')}`;
};

const laidOut = ({ text, lines = [text] }: Cue): string => lines.map(oneLine).join('\n');

/** A line break would end a line of the format, and an arrow or an empty line the cue. */
export const oneLine = (text: string): string =>
  text.replaceAll('-->', '->').replaceAll(/\s*[\r\n\u2028\u2029]\s*/g, ' ');

// In WebVTT these begin markup, or end the name in a voice span.
const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** `01:02:03.004`; hours have at least two digits and no bound. */
export function clock(seconds: number, decimalMark: ',' | '.'): string {
  const ms = Math.max(0, Math.round(seconds * 1000));
  const pad = (value: number, width = 2) => String(value).padStart(width, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  return `${pad(h)}:${pad(m)}:${pad(s)}${decimalMark}${pad(ms % 1000, 3)}`;
}
