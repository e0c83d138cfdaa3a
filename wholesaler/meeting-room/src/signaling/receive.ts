import { ServiceError } from '@vexa/shared/errors';
import type { Link, Member } from '../rooms/member.ts';
import type { Room } from '../rooms/room.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { JoinMessage, ParsedClientMessage } from './messages.ts';

/** What one socket has become so far. */
export interface Session {
  roomId: string;
  link: Link;
  seat: Seat | undefined;
}

interface Seat {
  room: Room;
  member: Member;
}

/** Applies one message of a socket to its room. Throws `ServiceError` for what the sender may not do. */
export function receive({ rooms }: { rooms: RoomRegistry }, session: Session, message: ParsedClientMessage): void {
  if (message.type === 'join') join(rooms, session, message);
  else if (!session.seat) throw new ServiceError('forbidden', 'Join first.');
  else act(session.seat, message);
}

function join(rooms: RoomRegistry, session: Session, message: JoinMessage): void {
  if (session.seat) throw new ServiceError('conflict', 'This socket has joined already.');
  // A host link proves that a room was made: when it is gone, a new one in its place would have another key.
  const room = message.host_key === undefined ? openRoom(rooms, session.roomId) : rooms.get(session.roomId);
  const member = room.enter(session.link, message);
  session.seat = member && { room, member };
}

function act({ room, member }: Seat, message: Exclude<ParsedClientMessage, JoinMessage>): void {
  if (message.type === 'signal') room.signal(member, message.to, message.signal);
  else if (message.type === 'state') room.setMuted(member, message.muted);
  else if (message.type === 'leave') room.leave(member);
  else if (!member.host) throw new ServiceError('forbidden', 'Only a host may do this.');
  else if (message.type === 'end') room.end();
  else room[message.type](message.participant_id);
}

const openRoom = (rooms: RoomRegistry, id: string): Room => rooms.find(id) ?? rooms.create({ id, adHoc: true });
