import { expect, test } from 'vitest';
import { echoesPrompt } from './prompt-echo.ts';

const prompt = 'A thin stripe runs down the middle. Sunday is the best part of the week.';

test('the prompt said again, or a sentence said twice, is an echo', () => {
  expect(echoesPrompt('Sunday is the best part, of the Week!', prompt)).toBe(true);
  expect(echoesPrompt('We went out for a walk today. We went out for a walk today.', prompt)).toBe(true);
});

test('words in common, and short words said twice, are not', () => {
  expect(echoesPrompt('Sunday is the day on which we went down the middle.', prompt)).toBe(false);
  expect(echoesPrompt('No, no, no. I know, I know.', prompt)).toBe(false);
  expect(echoesPrompt('', prompt)).toBe(false);
});
