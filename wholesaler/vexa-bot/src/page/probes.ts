/// <reference lib="dom" />
import type { Probe, SignalName } from '../recipes/recipe.ts';

export function matchingProbes(signals: Record<SignalName, Probe[]>): Record<string, string[]> {
  // Many probes look for texts in the same place, and reading the text of a page is dear.
  const read = new Map<string, string[]>();
  const matching = Object.entries(signals).map(([signal, probes]) => [
    signal,
    probes.filter((probe) => matches(probe, read)).map(({ name }) => name),
  ]);
  return Object.fromEntries(matching);
}

function matches(probe: Probe, read: Map<string, string[]>): boolean {
  if ('title' in probe) return document.title === probe.title;
  const { selector, text } = probe;
  if (text === undefined) return visible(selector).length > 0;
  const texts = read.get(selector) ?? visible(selector).map(({ innerText }) => plain(innerText));
  read.set(selector, texts);
  return texts.some((shown) => shown.includes(plain(text)));
}

const visible = (selector: string): HTMLElement[] =>
  [...document.querySelectorAll<HTMLElement>(selector)].filter((element) => element.checkVisibility());

const plain = (text: string): string => text.toLowerCase().replaceAll('’', "'");
