/// <reference lib="dom" />
import type { TileReader } from '../recipes/recipe.ts';
import type { Capture } from './capture.ts';
import type { PersonSeen } from './messages.ts';

/** Who is there, as the tiles show it, in their order; a person with several tiles is one. */
export function readPeople(tiles: TileReader, botName: string, capture: Capture): PersonSeen[] {
  const people = new Map<string, PersonSeen>();
  for (const tile of document.querySelectorAll(tiles.tile)) {
    const name = nameOf(tile, tiles);
    const id = (tiles.idAttribute && tile.getAttribute(tiles.idAttribute)) || name;
    if (id === '') continue;
    const before = people.get(id);
    people.set(id, {
      id: id.slice(0, 256),
      name: name || before?.name || '',
      self: before?.self || (tiles.self ? has(tile, tiles.self) : name === botName),
      bot: before?.bot || has(tile, tiles.bot),
      speaking: before?.speaking || (has(tile, tiles.speaking) && !has(tile, tiles.silent)),
      tracks: [...(before?.tracks ?? []), ...capture.keysWithin(tile)],
    });
  }
  return [...people.values()];
}

/** Empty while the page shows a stand-in for the name. */
function nameOf(tile: Element, { name, nameSuffixes = [], placeholders = [] }: TileReader): string {
  const shown = name
    .map((place) =>
      'attribute' in place ? tile.getAttribute(place.attribute) : tile.querySelector(place.selector)?.textContent,
    )
    .find((text) => text?.trim());
  let known = (shown ?? '').trim().slice(0, 256);
  for (const suffix of nameSuffixes) if (known.endsWith(suffix)) known = known.slice(0, -suffix.length).trim();
  return placeholders.some((placeholder) => standsFor(placeholder, known)) ? '' : known;
}

/** One that ends in a letter is a whole name: people are called Guesta too. */
const standsFor = (placeholder: string, name: string): boolean =>
  /\w$/.test(placeholder) ? name === placeholder : name.startsWith(placeholder);

/** Whether the tile, or something visible in it, matches. */
const has = (tile: Element, selector: string | undefined): boolean =>
  selector !== undefined &&
  (tile.matches(selector) || [...tile.querySelectorAll(selector)].some((element) => element.checkVisibility()));
