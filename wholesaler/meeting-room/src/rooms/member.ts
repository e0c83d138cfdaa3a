import { randomBytes } from 'node:crypto';
import type { CloseReason, JoinMessage, Participant, ParticipantKind, ServerMessage } from '../signaling/messages.ts';

/** One live socket of a member, as the rules of a room see it. */
export interface Link {
  send(message: ServerMessage): void;
  close(): void;
}

/** Somebody in the lobby or in the meeting. Outlives its socket by the grace time. */
export interface Member {
  readonly id: string;
  readonly resumeToken: string;
  readonly name: string;
  readonly kind: ParticipantKind;
  readonly since: number;
  host: boolean;
  muted: boolean;
  link: Link | undefined;
  backlog: ServerMessage[];
  grace: NodeJS.Timeout | undefined;
}

export const createMember = (join: JoinMessage, options: { host: boolean; link: Link; since: number }): Member => ({
  id: randomBytes(8).toString('hex'),
  resumeToken: randomBytes(16).toString('base64url'),
  name: join.name,
  kind: join.kind,
  muted: join.muted,
  backlog: [],
  grace: undefined,
  ...options,
});

export const participantOf = ({ id, name, kind, host, muted }: Member): Participant => ({
  id,
  name,
  kind,
  host,
  muted,
});

/** Ends a member for good: tells why, then lets the socket go. */
export function dismiss(member: Member, reason: CloseReason | undefined): void {
  clearTimeout(member.grace);
  const { link } = member;
  member.link = undefined;
  if (reason) link?.send({ type: 'closed', reason });
  link?.close();
}
