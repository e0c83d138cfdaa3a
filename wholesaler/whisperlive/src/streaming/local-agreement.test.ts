import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordsOf } from '../../test/support/said.ts';
import { agree, type Hypothesis, nothingSaid, sameWord, shownText, textOf, tokensOf } from './local-agreement.ts';

/** The hypothesis after some drafts, each of which must go on from what was agreed. */
function after(...drafts: string[]): Hypothesis {
  return drafts.reduce<Hypothesis>((before, draft) => {
    const next = agree(before, wordsOf(draft));
    if (!next) throw new Error(`"${draft}" does not go on from "${textOf(before.agreed)}"`);
    return next;
  }, nothingSaid);
}

test('words that two drafts in a row say alike are agreed; the rest is tentative', () => {
  const { agreed, tentative } = after('And so my fell', 'And so my fellow Americans');
  expect(textOf(agreed)).toBe('And so my');
  expect(textOf(tentative)).toBe('fellow Americans');
});

test('one draft alone agrees on nothing', () => {
  expect(after('And so my fellow').agreed).toEqual([]);
});

test("the newest draft's last word is never agreed: its audio may end within it", () => {
  expect(textOf(after('ask not what your count', 'ask not what your count').agreed)).toBe('ask not what your');
});

test('a word is the same with other punctuation and capitals; the newer ones are kept', () => {
  expect(textOf(after('my fellow americans.', 'my fellow Americans, ask not').agreed)).toBe('my fellow Americans,');
});

test('a draft that forgets agreed words is not shown', () => {
  const before = after('ask not what your', 'ask not what your country');
  expect(agree(before, wordsOf('What your country can'))).toBeUndefined();
});

test('a decode of its own, without the forced words, goes on from them if it heard the same', () => {
  const before = after('ask not what your', 'ask not what your country');
  const free = agree(before, wordsOf('Ask not what your country can do.'));
  expect(free && shownText(free)).toBe('ask not what your country can do.');
});

test('a word that was agreed and grows keeps its text: what it grows by comes behind it', () => {
  const [fellow, americans] = wordsOf(' fellow Americans');
  if (!fellow || !americans) throw new Error('two words');
  const before: Hypothesis = { agreed: [fellow, americans], tentative: [] };
  const grown = { text: `${americans.text},`, tokens: [...americans.tokens, 11] };
  const next = agree(before, [fellow, grown, ...wordsOf(' ask')]);
  expect(next?.agreed).toEqual(before.agreed);
  expect(next && shownText(next)).toBe('fellow Americans, ask');
});

test('what was agreed once is the beginning of every later draft', () => {
  const vocabulary = fc.constantFrom('ask', 'not', 'what', 'your', 'country', 'can', 'do,', 'Do', 'for');
  fc.assert(
    fc.property(fc.array(fc.array(vocabulary, { maxLength: 8 }), { maxLength: 8 }), (drafts) => {
      let before = nothingSaid;
      for (const draft of drafts) {
        // As the engine does, the decode begins with what is agreed.
        const next = agree(before, [...before.agreed, ...wordsOf(draft.join(' '))]);
        expect(next).toBeDefined();
        if (!next) return;
        expect(shownText(next).startsWith(textOf(before.agreed))).toBe(true);
        expect(tokensOf(next.agreed).slice(0, tokensOf(before.agreed).length)).toEqual(tokensOf(before.agreed));
        before = next;
      }
    }),
  );
});

test('two punctuation marks are two words', () => {
  const [dash, comma] = [...wordsOf('—'), ...wordsOf(',')];
  expect(sameWord(dash, comma)).toBe(false);
});
