import { expect, test } from 'vitest';
import { parseLiveRequest } from './parse-request.ts';

test.each([
  ['', 'invalid_json'],
  ['{', 'invalid_json'],
  ['42', 'unknown_action'],
  ['null', 'unknown_action'],
  ['[]', 'unknown_action'],
  ['{"action":"dance"}', 'unknown_action'],
  ['{"action":["subscribe"]}', 'unknown_action'],
  ['{"action":"subscribe"}', 'invalid_subscribe_payload'],
  ['{"action":"subscribe","meetings":[]}', 'invalid_subscribe_payload'],
  ['{"action":"subscribe","meetings":[{"platform":"skype","native_id":"x"}]}', 'invalid_subscribe_payload'],
  ['{"action":"unsubscribe","meetings":[{"platform":"local"}]}', 'invalid_subscribe_payload'],
])('%s is refused as %s', (frame, error) => {
  expect(parseLiveRequest(frame)).toMatchObject({ error });
});

test('a bad subscription names its field', () => {
  const parsed = parseLiveRequest('{"action":"subscribe","meetings":[{"platform":"local"}]}');
  expect(parsed).toMatchObject({ details: [{ loc: ['frame', 'meetings', 0, 'native_id'] }] });
});

test('what the protocol knows is understood', () => {
  const meetings = [{ platform: 'local', native_id: 'standup' }];
  expect(parseLiveRequest('{"action":"ping","id":7}')).toEqual({ request: { action: 'ping' } });
  expect(parseLiveRequest(JSON.stringify({ action: 'subscribe', meetings }))).toEqual({
    request: { action: 'subscribe', meetings },
  });
});
