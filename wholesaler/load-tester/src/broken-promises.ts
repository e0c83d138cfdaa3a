import type { Promises } from './config.ts';
import type { StepResult } from './measure-step.ts';

/** What a step did not keep, in words; none when all is well. */
export function brokenPromises(step: StepResult, promises: Promises): string[] {
  const { first, final, words, unseen, lost, doubled, refused, errors } = step;
  return [
    !(first.p95 <= promises.first) && late('first', first.p95, promises.first),
    !(final.p95 <= promises.final) && late('final', final.p95, promises.final),
    unseen > promises.unseenShare * words && `${unseen} of ${words} words not shown as they were said`,
    lost > 0 && `${lost} utterances lost`,
    doubled > 0 && `${doubled} segments doubled`,
    refused > 0 && `${refused} times refused`,
    errors.length > 0 && `${errors.length} did not come to their end: ${errors[0]}`,
  ].filter((line) => line !== false);
}

const late = (which: string, seconds: number, promised: number): string =>
  Number.isNaN(seconds)
    ? `no ${which} text came`
    : `${which} text after ${seconds.toFixed(2)} s, promised are ${promised} s`;
