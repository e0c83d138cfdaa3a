import { expect, test } from 'vitest';
import { SpeakerLog, speakerActivity } from './speaker-log.ts';

test('a session that begins in the middle of a turn hears of its start', () => {
  const log = new SpeakerLog();
  log.add({ at: 16_000, speaking: true });
  log.add({ at: 48_000, speaking: false });
  expect(log.since(0)).toHaveLength(2);
  expect(log.since(32_000)).toEqual([
    { at: 32_000, speaking: true },
    { at: 48_000, speaking: false },
  ]);
  expect(log.since(64_000)).toEqual([]);
});

test('times are told relative to the session', () => {
  const turn = { at: 48_000, speaking: false };
  const { payload } = speakerActivity(turn, { base: 32_000, sampleRate: 16_000, id: 'p1', name: 'Ann' });
  expect(payload).toEqual({
    event_type: 'SPEAKER_END',
    participant_name: 'Ann',
    participant_id: 'p1',
    relative_client_timestamp_ms: 1_000,
  });
});
