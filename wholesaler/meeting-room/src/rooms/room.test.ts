import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { JoinMessage, type ServerMessage } from '../signaling/messages.ts';
import { defaultLimits } from './limits.ts';
import type { Link } from './member.ts';
import { Room, type RoomOptions } from './room.ts';

const key = 'host-key';

const roomWith = (options: Partial<RoomOptions> = {}) =>
  new Room({
    id: 'team',
    hostKey: key,
    lobby: false,
    adHoc: false,
    iceServers: [],
    limits: defaultLimits,
    now: Date.now,
    ...options,
  });

function caller() {
  const received: ServerMessage[] = [];
  let closed = false;
  const link: Link = {
    send: (message) => received.push(message),
    close: () => {
      closed = true;
    },
  };
  return { link, received, isClosed: () => closed, types: () => received.map(({ type }) => type) };
}

const join = (name: string, more: Partial<JoinMessage> = {}) => JoinMessage.parse({ type: 'join', name, ...more });

function enter(room: Room, name: string, more: Partial<JoinMessage> = {}) {
  const line = caller();
  return { ...line, member: room.enter(line.link, join(name, more))! };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a room without a lobby', () => {
  test('tells a newcomer who is there and the others who came', () => {
    const room = roomWith();
    const ann = enter(room, 'Ann');
    const bob = enter(room, 'Bob');
    expect(bob.received[0]).toMatchObject({ type: 'joined', participants: [{ name: 'Ann' }] });
    expect(ann.received[1]).toMatchObject({ type: 'participant_joined', participant: { name: 'Bob' } });
  });

  test('passes signals only between people who are in it', () => {
    const room = roomWith();
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    const signal = { connection: 'c', description: { type: 'offer' as const, sdp: 'v=0' } };
    room.signal(bob.member, ann.member.id, signal);
    expect(ann.received.at(-1)).toEqual({ type: 'signal', from: bob.member.id, signal });
    room.leave(bob.member);
    const before = ann.received.length;
    room.signal(bob.member, ann.member.id, signal);
    expect(ann.received).toHaveLength(before);
  });

  test('refuses one more than fits', () => {
    const room = roomWith({ limits: { ...defaultLimits, maxParticipants: 1 } });
    enter(room, 'Ann');
    const bob = enter(room, 'Bob');
    expect(bob.received).toEqual([{ type: 'closed', reason: 'full' }]);
    expect(bob.isClosed()).toBe(true);
  });
});

describe('a room with a lobby', () => {
  test('lets nobody in unasked, and the host with the key', () => {
    const room = roomWith({ lobby: true });
    const host = enter(room, 'Host', { host_key: key });
    const bob = enter(room, 'Bob');
    expect(bob.types()).toEqual(['lobby']);
    expect(room.participants.map(({ name }) => name)).toEqual(['Host']);
    expect(host.received.at(-1)).toMatchObject({ type: 'host', host: { waiting: [{ name: 'Bob' }] } });
  });

  test('refuses a wrong host key', () => {
    expect(() => enter(roomWith({ lobby: true }), 'Eve', { host_key: 'guess' })).toThrow('host key is wrong');
  });

  test('admits, denies, and knows nobody twice', () => {
    const room = roomWith({ lobby: true });
    const [bob, eve] = [enter(room, 'Bob'), enter(room, 'Eve')];
    room.admit(bob.member.id);
    room.deny(eve.member.id);
    expect(bob.types()).toEqual(['lobby', 'joined']);
    expect(eve.received.at(-1)).toEqual({ type: 'closed', reason: 'denied' });
    expect(() => room.admit(bob.member.id)).toThrow('not found');
    expect(() => room.deny(eve.member.id)).toThrow('not found');
  });
});

describe('a room opened by a visit', () => {
  test('makes the first person the host, never a bot, and the next one when the host leaves', () => {
    const room = roomWith({ adHoc: true });
    enter(room, 'Notetaker', { kind: 'bot' });
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    expect(room.participants.map(({ name, host }) => [name, host])).toEqual([
      ['Notetaker', false],
      ['Ann', true],
      ['Bob', false],
    ]);
    room.leave(ann.member);
    expect(room.participants.find(({ name }) => name === 'Bob')?.host).toBe(true);
    expect(bob.types()).toContain('host');
  });
});

describe('a broken socket', () => {
  test('keeps the place for the grace time and delivers what was missed', () => {
    const room = roomWith();
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    room.detach(ann.member, ann.link);
    enter(room, 'Cleo');
    const again = caller();
    const resumed = room.enter(again.link, join('Ann', { resume_token: ann.member.resumeToken }));
    expect(resumed).toBe(ann.member);
    expect(again.types()).toEqual(['resumed', 'participant_joined']);
    vi.advanceTimersByTime(defaultLimits.reconnectGraceMs * 2);
    expect(bob.types()).not.toContain('participant_left');
  });

  test('loses the place after the grace time', () => {
    const room = roomWith();
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    room.detach(ann.member, ann.link);
    vi.advanceTimersByTime(defaultLimits.reconnectGraceMs);
    expect(bob.received.at(-1)).toEqual({ type: 'participant_left', participant_id: ann.member.id, reason: 'lost' });
  });

  test('loses the place when more was missed than is kept', async () => {
    const room = roomWith({ limits: { ...defaultLimits, maxBacklog: 2 } });
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    room.detach(ann.member, ann.link);
    for (const muted of [true, false, true]) room.setMuted(bob.member, muted);
    await Promise.resolve();
    expect(room.participants.map(({ name }) => name)).toEqual(['Bob']);
  });

  test('a second page with the same token replaces the first', () => {
    const room = roomWith();
    const ann = enter(room, 'Ann');
    const again = caller();
    room.enter(again.link, join('Ann', { resume_token: ann.member.resumeToken }));
    expect(ann.received.at(-1)).toEqual({ type: 'closed', reason: 'replaced' });
    room.detach(ann.member, ann.link);
    vi.advanceTimersByTime(defaultLimits.reconnectGraceMs * 2);
    expect(room.participants).toHaveLength(1);
  });
});

describe('the end', () => {
  test('reaches those in the meeting and in the lobby, and later visitors', () => {
    const room = roomWith({ lobby: true });
    const all = [enter(room, 'Host', { host_key: key }), enter(room, 'Bob')];
    room.end();
    all.push(enter(room, 'Late'));
    for (const person of all) expect(person.received.at(-1)).toEqual({ type: 'closed', reason: 'ended' });
  });

  test('a removed person is told and the others see it', () => {
    const room = roomWith();
    const [ann, bob] = [enter(room, 'Ann'), enter(room, 'Bob')];
    room.remove(bob.member.id);
    expect(bob.received.at(-1)).toEqual({ type: 'closed', reason: 'removed' });
    expect(ann.received.at(-1)).toMatchObject({ type: 'participant_left', reason: 'removed' });
  });

  test('an empty room is forgotten after its time, a used one never', () => {
    const room = roomWith();
    const ann = enter(room, 'Ann');
    vi.advanceTimersByTime(defaultLimits.idleRoomMs * 2);
    expect(room.expired()).toBe(false);
    room.leave(ann.member);
    vi.advanceTimersByTime(defaultLimits.idleRoomMs);
    expect(room.expired()).toBe(true);
  });
});
