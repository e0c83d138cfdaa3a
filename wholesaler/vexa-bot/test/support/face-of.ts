import type { Platform } from '@vexa/shared/contracts/platform';
import type { Room } from './bot-world.ts';

/** The link to a room in the form of another platform's links, which leads to the face that behaves like it. */
export function faceOf(platform: Platform, room: Room, query = ''): Pick<Room, 'id' | 'url'> {
  const path = { teams: `meet/${room.id}`, zoom: `j/${room.id}` }[platform as string] ?? room.id;
  return { id: room.id, url: new URL(`/faces/${platform}/${path}${query}`, room.url).href };
}
