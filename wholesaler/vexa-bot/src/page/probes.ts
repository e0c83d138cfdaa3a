/// <reference lib="dom" />
import type { Probe, SignalName } from '../recipes/recipe.ts';

export function matchingProbes(signals: Record<SignalName, Probe[]>): Record<string, string[]> {
  const matching = Object.entries(signals).map(([signal, probes]) => [
    signal,
    probes.filter(matches).map(({ name }) => name),
  ]);
  return Object.fromEntries(matching);
}

function matches({ selector, text }: Probe): boolean {
  return [...document.querySelectorAll<HTMLElement>(selector)].some(
    (element) => element.checkVisibility() && (text === undefined || plain(element.innerText).includes(plain(text))),
  );
}

const plain = (text: string): string => text.toLowerCase().replaceAll('’', "'");
