import { expect, test } from 'vitest';
import { endsSentence } from './sentence-end.ts';

test.each(['It is done.', 'Is it?', 'Go!', 'He said "Go."', '終わりました。', 'done.)'])(
  '"%s" ends a sentence',
  (text) => {
    expect(endsSentence(text)).toBe(true);
  },
);

test.each(['and so', 'we saw Mr.', 'and J.', 'well...', 'e.g.', 'first,', ''])('"%s" does not', (text) => {
  expect(endsSentence(text)).toBe(false);
});
