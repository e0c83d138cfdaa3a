import { expect, test } from 'vitest';
import { whyUnopened } from './why-unopened.ts';

test.each([
  [
    'page.goto: net::ERR_NAME_NOT_RESOLVED at https://app.zoom.us/wc/123456789/join?pwd=secret\nCall log:\n  - navigating',
    'The meeting page did not open: net::ERR_NAME_NOT_RESOLVED at app.zoom.us',
  ],
  [
    'page.goto: Navigation to "https://zoom.us/j/1?pwd=secret" is interrupted by another navigation to "https://zoom.us/x?pwd=secret"',
    'The meeting page did not open: Navigation to "zoom.us" is interrupted by another navigation to "zoom.us"',
  ],
  ['page.goto: Timeout 30000ms exceeded.', 'The meeting page did not open: Timeout 30000ms exceeded.'],
  ['The meeting page answered 404.', 'The meeting page answered 404.'],
])('%s', (message, sentence) => {
  expect(whyUnopened(new Error(message)).message).toBe(sentence);
});
