/// <reference lib="dom" />
import type { TileReader } from '../recipes/recipe.ts';
import type { Capture } from './capture.ts';
import type { PersonSeen } from './messages.ts';

/** Who is there, as the tiles show it, in their order. */
export function readPeople(tiles: TileReader, capture: Capture): PersonSeen[] {
  return [...document.querySelectorAll(tiles.tile)].map((tile) => ({
    id: tile.getAttribute(tiles.idAttribute) ?? '',
    name: (tile.getAttribute(tiles.nameAttribute) ?? '').trim().slice(0, 256),
    self: tile.matches(tiles.self),
    bot: tile.matches(tiles.bot),
    speaking: tile.matches(tiles.speaking),
    tracks: capture.keysWithin(tile),
  }));
}
