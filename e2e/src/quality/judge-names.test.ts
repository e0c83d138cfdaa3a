import { expect, test } from 'vitest';
import { judgeOverlaps, judgeTurns } from './judge-names.ts';

const said = [
  { speaker: 'Ann', text: 'Is the penguin here?' },
  { speaker: 'Ben', text: 'Yes, it came.' },
];

test('words under another name are told apart from words that were not recognised', () => {
  expect(judgeTurns(said, said)).toMatchObject({ wer: 0, rightNames: 1, named: 7 });
  const oneSegment = [{ speaker: 'Ann', text: 'is the pin here yes it came' }];
  expect(judgeTurns(said, oneSegment)).toMatchObject({ errors: 1, words: 7, rightNames: 4 / 7 });
  expect(judgeTurns(said, [])).toMatchObject({ wer: 1, rightNames: 0, named: 0 });
});

test('where people talk over each other the order of the lines does not matter', () => {
  expect(judgeOverlaps(said, said.toReversed())).toMatchObject({ wer: 0, rightNames: 1 });
  const mixedUp = [{ speaker: 'Ann', text: 'Is the penguin here? Yes, it came.' }];
  expect(judgeOverlaps(said, mixedUp)).toMatchObject({ rightNames: 4 / 7 });
});
