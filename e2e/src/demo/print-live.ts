import type { Segment } from '@vexa/shared/contracts/transcript';

const colours = [36, 33, 35, 32, 34];

/** Prints the live transcript by speaker: on a terminal drafts are rewritten in place, elsewhere only finals appear. */
export function createLivePrinter(out: NodeJS.WriteStream): { show(segment: Segment): void; finish(): void } {
  const speakers: string[] = [];
  let draft = '';
  const clearDraft = () => {
    if (draft) out.write('\r\x1b[2K');
    draft = '';
  };
  const line = (segment: Segment) => {
    const speaker = segment.speaker ?? 'unknown';
    if (!speakers.includes(speaker)) speakers.push(speaker);
    const clock = (segment.absolute_start_time ?? '').slice(11, 19);
    const colour = colours[speakers.indexOf(speaker) % colours.length];
    const name = out.isTTY ? `\x1b[${colour}m${speaker.padEnd(8)}\x1b[0m` : speaker.padEnd(8);
    return `  ${clock}  ${name} ${segment.text.trim()}`;
  };
  return {
    show(segment) {
      if (segment.completed) {
        clearDraft();
        out.write(`${line(segment)}\n`);
      } else if (out.isTTY) {
        clearDraft();
        draft = line(segment).slice(0, (out.columns ?? 120) + 8);
        out.write(`\x1b[2m${draft}\x1b[0m`);
      }
    },
    finish: clearDraft,
  };
}
