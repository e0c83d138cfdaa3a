/// <reference lib="dom" />
import type { Participant } from '../signaling/messages.ts';

interface Tile {
  root: HTMLElement;
  participant: Participant;
  fill(values: { id: string; name: string }): void;
}

/** How long a platform takes to find out a name, for those that show something else meanwhile. */
const standInMs = 1_000;

/** Tiles as the page's templates draw them: `{id}` and `{name}` are filled in, `data-lit`, `data-dim` and `data-shown` follow the voice. */
export class FaceTiles {
  readonly #grid = pick(document, '[data-tiles]');
  readonly #tiles = new Map<string, Tile>();

  rootOf(id: string): HTMLElement | undefined {
    return this.#tiles.get(id)?.root;
  }

  put(participant: Participant, own: boolean): void {
    const known = this.#tiles.get(participant.id);
    if (known) {
      known.participant = participant;
      return;
    }
    const tile = draw(participant, own);
    this.#tiles.set(participant.id, tile);
    this.#grid.append(tile.root);
    const { standIn } = document.body.dataset;
    const waits = standIn !== undefined && !own;
    tile.fill({ id: participant.id, name: waits ? standIn : participant.name });
    if (waits) setTimeout(() => tile.fill(tile.participant), standInMs);
  }

  drop(id: string): void {
    this.#tiles.get(id)?.root.remove();
    this.#tiles.delete(id);
  }

  showSpeaking(speaking: ReadonlySet<string>): void {
    for (const [id, { root }] of this.#tiles) {
      const on = speaking.has(id);
      for (const part of withSelf(root, '[data-lit]')) toggle(part, part.dataset.lit, on);
      for (const part of withSelf(root, '[data-dim]')) toggle(part, part.dataset.dim, !on);
      for (const part of withSelf(root, '[data-shown]')) part.hidden = !on;
    }
    const last = [...speaking].map((id) => this.#tiles.get(id)).find(Boolean);
    const active = document.querySelector<HTMLElement>('[data-active]');
    if (!active || !last) return;
    active.hidden = false;
    pick(active, '[data-active-name]').textContent = last.participant.name;
  }
}

function draw(participant: Participant, own: boolean): Tile {
  const template = pick(document, own ? 'template[data-own-tile]' : 'template[data-tile]') as HTMLTemplateElement;
  const root = pick(template.content.cloneNode(true) as DocumentFragment, '*');
  const fills: ((text: (pattern: string) => string) => void)[] = [];
  for (const part of withSelf(root, '*')) {
    for (const { name, value } of part.attributes) {
      if (value.includes('{')) fills.push((text) => part.setAttribute(name, text(value)));
    }
    for (const node of part.childNodes) {
      const { nodeType, textContent } = node;
      if (nodeType !== Node.TEXT_NODE || !textContent?.includes('{')) continue;
      fills.push((text) => {
        node.textContent = text(textContent);
      });
    }
  }
  const fill: Tile['fill'] = ({ id, name }) => {
    const text = (pattern: string) => pattern.replaceAll('{id}', () => id).replaceAll('{name}', () => name);
    for (const each of fills) each(text);
  };
  return { root, participant, fill };
}

function toggle(part: Element, classes: string | undefined, on: boolean): void {
  for (const name of classes?.split(' ') ?? []) part.classList.toggle(name, on);
}

const withSelf = (root: HTMLElement, selector: string): HTMLElement[] => [
  ...(root.matches(selector) ? [root] : []),
  ...root.querySelectorAll<HTMLElement>(selector),
];

function pick(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The face has no ${selector}.`);
  return found;
}
