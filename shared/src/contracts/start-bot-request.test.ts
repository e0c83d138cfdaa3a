import { expect, test } from 'vitest';
import { StartBotRequest } from './meeting.ts';

test('metadata is small enough to come with every meeting of a list', () => {
  const withEntries = (count: number) =>
    StartBotRequest.safeParse({
      platform: 'local',
      native_meeting_id: 'room-1',
      metadata: Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, 'value'])),
    });
  expect(withEntries(50).success).toBe(true);
  expect(withEntries(51).error?.issues).toMatchObject([
    { path: ['metadata'], message: 'must not have over 50 entries' },
  ]);
});
