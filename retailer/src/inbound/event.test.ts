import { expect, test } from 'vitest';
import { parseEvent } from './event.ts';

const old = { platform: 'google_meet', native_meeting_id: 'abc-defg-hij', meeting_id: 123 };

test('the old body and the envelope mean the same', () => {
  const envelope = { event_id: 'e', event_type: 'meeting.finished', api_version: '1', created_at: 'now', data: old };
  expect(parseEvent(old)).toEqual({ type: 'meeting.finished', data: old });
  expect(parseEvent(envelope)).toEqual({ type: 'meeting.finished', data: old });
  expect(parseEvent({ type: 'meeting.finished', data: old })).toEqual({ type: 'meeting.finished', data: old });
});

test.each([null, 42, 'text', [], {}, { data: {} }, { type: 'meeting.finished' }])('%j is no event', (body) => {
  expect(parseEvent(body)).toBeUndefined();
});
