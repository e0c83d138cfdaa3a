import { ServiceError } from '@vexa/shared/errors';
import type { Link, Member } from '../rooms/member.ts';
import type { Room } from '../rooms/room.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { ParsedClientMessage } from './messages.ts';

/** What one socket has become so far. */
export interface Session {
  roomId: string;
  link: Link;
  seat: { room: Room; member: Member } | undefined;
}

/** Applies one message of a socket to its room. Throws `ServiceError` for what the sender may not do. */
export function receive({ rooms }: { rooms: RoomRegistry }, session: Session, message: ParsedClientMessage): void {
  if (message.type === 'join') {
    if (session.seat) throw new ServiceError('conflict', 'This socket has joined already.');
    // A host link proves that a room was made: when it is gone, a new one in its place would have another key.
    const room = message.host_key === undefined ? openRoom(rooms, session.roomId) : rooms.get(session.roomId);
    const member = room.enter(session.link, message);
    session.seat = member && { room, member };
    return;
  }
  if (!session.seat) throw new ServiceError('forbidden', 'Join first.');
  const { room, member } = session.seat;
  switch (message.type) {
    case 'signal':
      return room.signal(member, message.to, message.signal);
    case 'state':
      return room.setMuted(member, message.muted);
    case 'leave':
      return room.leave(member);
  }
  if (!member.host) throw new ServiceError('forbidden', 'Only a host may do this.');
  switch (message.type) {
    case 'admit':
      return void room.admit(message.participant_id);
    case 'deny':
      return void room.deny(message.participant_id);
    case 'remove':
      return void room.remove(message.participant_id);
    case 'end':
      return room.end();
  }
}

const openRoom = (rooms: RoomRegistry, id: string): Room => rooms.find(id) ?? rooms.create({ id, adHoc: true });
