import { randomBytes, randomInt } from 'node:crypto';
import { notFound, ServiceError } from '@vexa/shared/errors';
import type { IceServer } from '../signaling/messages.ts';
import type { RoomLimits } from './limits.ts';
import { Room } from './room.ts';

interface RegistryOptions {
  limits: RoomLimits;
  iceServers: IceServer[];
  now: () => number;
}

/** All rooms of this process, in memory, at most `maxRooms`. */
export class RoomRegistry implements Disposable {
  readonly #rooms = new Map<string, Room>();
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Throws `conflict` when the id is taken by a meeting that has not ended, `no_capacity` at the bound. */
  create({
    id = randomRoomId(),
    lobby = false,
    adHoc = false,
  }: {
    id?: string;
    lobby?: boolean;
    adHoc?: boolean;
  }): Room {
    const former = this.find(id);
    if (former && !former.ended) throw new ServiceError('conflict', `A room named ${id} exists already.`);
    this.#rooms.delete(id);
    if (this.#rooms.size >= this.#options.limits.maxRooms) this.sweep();
    if (this.#rooms.size >= this.#options.limits.maxRooms) {
      throw new ServiceError('no_capacity', 'There are too many rooms now; try again later.', {
        retryAfterSeconds: 60,
      });
    }
    const room = new Room({ id, lobby, adHoc, hostKey: randomBytes(18).toString('base64url'), ...this.#options });
    this.#rooms.set(id, room);
    return room;
  }

  find(id: string): Room | undefined {
    const room = this.#rooms.get(id);
    if (!room?.expired()) return room;
    this.#rooms.delete(id);
    return undefined;
  }

  get(id: string): Room {
    const room = this.find(id);
    if (!room) throw notFound('Room');
    return room;
  }

  /** Forgets the rooms nobody needs any more. */
  sweep(): void {
    for (const [id, room] of this.#rooms) if (room.expired()) this.#rooms.delete(id);
  }

  [Symbol.dispose](): void {
    for (const room of this.#rooms.values()) room.end();
    this.#rooms.clear();
  }
}

const letters = 'abcdefghjkmnpqrstuvwxyz';
const word = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
const randomRoomId = () => `${word(3)}-${word(4)}-${word(3)}`;
