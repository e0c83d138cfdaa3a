import { timingSafeEqual } from 'node:crypto';
import { notFound, ServiceError } from '@vexa/shared/errors';
import type { IceServer, JoinMessage, Participant, PeerSignal, ServerMessage, Waiting } from '../signaling/messages.ts';
import type { RoomLimits } from './limits.ts';
import { createMember, dismiss, type Link, type Member, participantOf } from './member.ts';

export interface RoomOptions {
  id: string;
  hostKey: string;
  lobby: boolean;
  /** Opened by a visit instead of by the API: whenever no host is there, the first person is the host. */
  adHoc: boolean;
  iceServers: IceServer[];
  limits: RoomLimits;
  now: () => number;
}

/** One meeting: who waits, who is there, who may decide. Knows nothing of HTTP or sockets. */
export class Room {
  readonly id: string;
  readonly hostKey: string;
  readonly lobby: boolean;
  readonly #options: RoomOptions;
  readonly #present = new Map<string, Member>();
  readonly #waiting = new Map<string, Member>();
  #endedAt: number | undefined;
  #emptySince: number | undefined;

  constructor(options: RoomOptions) {
    this.id = options.id;
    this.hostKey = options.hostKey;
    this.lobby = options.lobby;
    this.#options = options;
    this.#emptySince = options.now();
  }

  get ended(): boolean {
    return this.#endedAt !== undefined;
  }

  get participants(): Participant[] {
    return [...this.#present.values()].map(participantOf);
  }

  get waiting(): Waiting[] {
    return [...this.#waiting.values()].map(({ id, name, kind }) => ({ id, name, kind }));
  }

  /** Whether nobody needs this room any more. */
  expired(): boolean {
    const { now, limits } = this.#options;
    if (this.#endedAt !== undefined) return now() - this.#endedAt >= limits.endedRoomMs;
    return this.#emptySince !== undefined && now() - this.#emptySince >= limits.idleRoomMs;
  }

  isHostKey(key: string): boolean {
    const [given, own] = [Buffer.from(key), Buffer.from(this.hostKey)];
    return given.length === own.length && timingSafeEqual(given, own);
  }

  /**
   * Lets somebody in, into the lobby, or back to the place a resume token names. Returns undefined after telling
   * the link that the meeting has ended or is full. Throws `forbidden` for a wrong host key.
   */
  enter(link: Link, join: JoinMessage): Member | undefined {
    const former = join.resume_token ? this.#byToken(join.resume_token) : undefined;
    if (former) return this.#resume(former, link);
    const hasKey = join.host_key !== undefined && this.isHostKey(join.host_key);
    if (join.host_key !== undefined && !hasKey) throw new ServiceError('forbidden', 'The host key is wrong.');
    if (this.ended) return refuse(link, 'ended');
    const waits = this.lobby && !hasKey;
    const full = waits ? this.#waiting.size >= this.#options.limits.maxWaiting : this.#isFull();
    if (full) return refuse(link, 'full');
    const member = createMember(join, { host: hasKey || this.#needsHost(join), link, since: this.#options.now() });
    this.#emptySince = undefined;
    if (!waits) {
      this.#seat(member);
      return member;
    }
    this.#waiting.set(member.id, member);
    this.#send(member, { type: 'lobby', self_id: member.id, resume_token: member.resumeToken });
    this.#tellHosts();
    return member;
  }

  /** The member's socket broke: the place is kept for the grace time. A newer socket is left alone. */
  detach(member: Member, link: Link): void {
    if (member.link !== link) return;
    member.link = undefined;
    member.grace = setTimeout(() => this.#drop(member, 'lost'), this.#options.limits.reconnectGraceMs);
  }

  leave(member: Member): void {
    this.#drop(member, 'left');
  }

  setMuted(member: Member, muted: boolean): void {
    member.muted = muted;
    if (this.#present.has(member.id)) {
      this.#broadcast({ type: 'participant_changed', participant: participantOf(member) });
    }
  }

  /** Passes a description or candidate on. A peer that is gone is no error: it may have left this instant. */
  signal(from: Member, to: string, signal: PeerSignal): void {
    const target = this.#present.get(to);
    if (target && this.#present.has(from.id)) this.#send(target, { type: 'signal', from: from.id, signal });
  }

  /** Throws `not_found` when nobody of that id waits, `conflict` when the meeting is full. */
  admit(participantId: string): Participant {
    const member = this.#waiting.get(participantId) ?? fail(notFound('Waiting participant'));
    if (this.#isFull()) throw new ServiceError('conflict', 'The meeting is full.');
    this.#waiting.delete(member.id);
    this.#seat(member);
    this.#tellHosts();
    return participantOf(member);
  }

  deny(participantId: string): Participant {
    const member = this.#waiting.get(participantId) ?? fail(notFound('Waiting participant'));
    this.#waiting.delete(member.id);
    dismiss(member, 'denied');
    this.#tellHosts();
    this.#noteEmptiness();
    return participantOf(member);
  }

  remove(participantId: string): Participant {
    const member = this.#present.get(participantId) ?? fail(notFound('Participant'));
    dismiss(member, 'removed');
    this.#drop(member, 'removed');
    return participantOf(member);
  }

  /** Ends the meeting for everybody; ending it twice is fine. */
  end(): void {
    this.#endedAt ??= this.#options.now();
    for (const member of [...this.#present.values(), ...this.#waiting.values()]) dismiss(member, 'ended');
    this.#present.clear();
    this.#waiting.clear();
  }

  #seat(member: Member): void {
    const others = this.participants;
    this.#present.set(member.id, member);
    const participant = participantOf(member);
    this.#send(member, {
      type: 'joined',
      room: this.id,
      self: participant,
      participants: others,
      resume_token: member.resumeToken,
      ice_servers: this.#options.iceServers,
      ...(member.host ? { host: this.#hostView() } : {}),
    });
    this.#broadcast({ type: 'participant_joined', participant }, member.id);
  }

  #resume(member: Member, link: Link): Member {
    clearTimeout(member.grace);
    const former = member.link;
    member.link = link;
    former?.send({ type: 'closed', reason: 'replaced' });
    former?.close();
    const backlog = member.backlog.splice(0);
    link.send({ type: 'resumed', participants: this.participants });
    for (const message of backlog) link.send(message);
    return member;
  }

  #drop(member: Member, reason: 'left' | 'lost' | 'removed'): void {
    dismiss(member, undefined);
    if (this.#waiting.delete(member.id)) this.#tellHosts();
    if (this.#present.delete(member.id)) {
      this.#broadcast({ type: 'participant_left', participant_id: member.id, reason });
      this.#promote();
    }
    this.#noteEmptiness();
  }

  #promote(): void {
    const heir = [...this.#present.values()].find((member) => this.#needsHost(member));
    if (!heir) return;
    heir.host = true;
    this.#broadcast({ type: 'participant_changed', participant: participantOf(heir) });
    this.#send(heir, { type: 'host', host: this.#hostView() });
  }

  #needsHost({ kind }: { kind: string }): boolean {
    return this.#options.adHoc && kind === 'person' && ![...this.#present.values()].some((member) => member.host);
  }

  #tellHosts(): void {
    for (const member of this.#present.values()) {
      if (member.host) this.#send(member, { type: 'host', host: this.#hostView() });
    }
  }

  #broadcast(message: ServerMessage, exceptId?: string): void {
    for (const member of this.#present.values()) if (member.id !== exceptId) this.#send(member, message);
  }

  #send(member: Member, message: ServerMessage): void {
    if (member.link) {
      member.link.send(message);
      return;
    }
    // A backlog with a hole would leave the returning client in a wrong state, so the place is given up instead.
    if (member.backlog.push(message) > this.#options.limits.maxBacklog)
      queueMicrotask(() => this.#drop(member, 'lost'));
  }

  #byToken(token: string): Member | undefined {
    return [...this.#present.values(), ...this.#waiting.values()].find((member) => member.resumeToken === token);
  }

  #isFull(): boolean {
    return this.#present.size >= this.#options.limits.maxParticipants;
  }

  #hostView() {
    return { host_key: this.hostKey, waiting: this.waiting };
  }

  #noteEmptiness(): void {
    if (this.#present.size + this.#waiting.size === 0) this.#emptySince ??= this.#options.now();
  }
}

function refuse(link: Link, reason: 'ended' | 'full'): undefined {
  link.send({ type: 'closed', reason });
  link.close();
}

function fail(error: Error): never {
  throw error;
}
