import { expect, test } from 'vitest';
import { SpeakerLog, speakerActivity } from './speaker-log.ts';

const ann = { id: 'p1', name: 'Ann' };
const ben = { id: 'p2', name: 'Ben' };

test('a session that begins in the middle of turns hears of their starts', () => {
  const log = new SpeakerLog();
  log.add({ who: ann, at: 16_000, speaking: true });
  log.add({ who: ben, at: 20_000, speaking: true });
  log.add({ who: ann, at: 48_000, speaking: false });
  expect(log.since(0)).toHaveLength(3);
  expect(log.since(32_000)).toEqual([
    { who: ann, at: 32_000, speaking: true },
    { who: ben, at: 32_000, speaking: true },
    { who: ann, at: 48_000, speaking: false },
  ]);
  expect(log.since(64_000)).toEqual([{ who: ben, at: 64_000, speaking: true }]);
  expect(log.speaking).toEqual([ben]);
  expect([log.speakingAs('p1'), log.speakingAs('p2')]).toEqual([undefined, ben]);
});

test('times are told relative to the session', () => {
  const turn = { who: ann, at: 48_000, speaking: false };
  const { payload } = speakerActivity(turn, { base: 32_000, sampleRate: 16_000 });
  expect(payload).toEqual({
    event_type: 'SPEAKER_END',
    participant_name: 'Ann',
    participant_id: 'p1',
    relative_client_timestamp_ms: 1_000,
  });
});
