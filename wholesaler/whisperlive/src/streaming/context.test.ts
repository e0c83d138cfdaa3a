import { expect, test } from 'vitest';
import { Context } from './context.ts';
import { defaultPolicy } from './policy.ts';

const policy = { ...defaultPolicy, promptCharacters: 30 };
const sure = { language: 'en', averageLogprob: -0.2 };

test('the last words are kept, whole and within the bound', () => {
  const context = new Context(policy);
  expect(context.before(0)).toBeUndefined();
  context.add({ ...sure, text: 'My name is Abigail.', end: 2 });
  context.add({ ...sure, text: 'You can call me Abby.', end: 4 });
  expect(context.before(5)).toBe('You can call me Abby.');
  context.add({ ...sure, text: 'x'.repeat(100), end: 6 });
  expect(context.before(7)).toHaveLength(30);
});

test.each([
  ['a long silence', { end: 2 }, 100],
  ['doubtful words', { averageLogprob: -0.9 }, 3],
])('%s makes them forgotten', (_name, change, at) => {
  const context = new Context(policy);
  context.add({ ...sure, text: 'before', end: 1 });
  context.add({ ...sure, text: 'then', end: 2, ...change });
  expect(context.before(at)).toBeUndefined();
});

test('another language begins anew', () => {
  const context = new Context(policy);
  context.add({ ...sure, text: 'before', end: 1 });
  context.add({ ...sure, text: 'danach', language: 'de', end: 2 });
  expect(context.before(3)).toBe('danach');
});
