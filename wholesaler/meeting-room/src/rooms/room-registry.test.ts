import { expect, test } from 'vitest';
import { RoomId } from '../signaling/messages.ts';
import { defaultLimits } from './limits.ts';
import { RoomRegistry } from './room-registry.ts';

const registry = (limits = {}, now = () => 0) =>
  new RoomRegistry({ limits: { ...defaultLimits, ...limits }, iceServers: [], now });

test('a made-up room id is a valid one', () => {
  expect(RoomId.safeParse(registry().create({}).id).success).toBe(true);
});

test('an id is taken until its meeting has ended', () => {
  using rooms = registry();
  const first = rooms.create({ id: 'team' });
  expect(() => rooms.create({ id: 'team' })).toThrow('exists already');
  first.end();
  expect(rooms.create({ id: 'team' }).hostKey).not.toBe(first.hostKey);
});

test('there are never more rooms than the bound, and expired ones make place', () => {
  let now = 0;
  using rooms = registry({ maxRooms: 1 }, () => now);
  rooms.create({ id: 'one' });
  expect(() => rooms.create({ id: 'two' })).toThrow('too many rooms');
  now = defaultLimits.idleRoomMs;
  rooms.create({ id: 'two' });
  expect(rooms.find('one')).toBeUndefined();
});
