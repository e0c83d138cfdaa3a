import type { Probe } from './recipe.ts';

/** A probe for each text, anywhere within the selector. */
export const texts = (selector: string, ...wanted: string[]): Probe[] =>
  wanted.map((text) => ({ name: `"${text}"`, selector, text }));

/** A button by its label, or by its words, which may be in an element of their own. */
export const buttons = (...labels: string[]): string =>
  labels
    .flatMap((label) => [
      `:is(button, [role="button"]):text-is("${label}")`,
      `:is(button, [role="button"]):has(:text-is("${label}"))`,
      `button[aria-label="${label}"]`,
    ])
    .join(', ');
