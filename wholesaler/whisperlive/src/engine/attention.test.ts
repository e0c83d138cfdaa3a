import fc from 'fast-check';
import { expect, test } from 'vitest';
import { medianFilter, turnPositions } from './attention.ts';

const filtered = (values: number[]): number[] => {
  const target = new Float32Array(values.length);
  medianFilter(Float32Array.from(values), target);
  return [...target];
};

test('a single spike is filtered out, a step stays where it is', () => {
  expect(filtered([0, 0, 0, 0, 9, 0, 0, 0, 0])).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(filtered([0, 0, 0, 0, 5, 5, 5, 5])).toEqual([0, 0, 0, 0, 5, 5, 5, 5]);
});

test('values shorter than the filter are mirrored, down to a single one', () => {
  expect(filtered([3])).toEqual([3]);
  expect(filtered([1, 1])).toEqual([1, 1]);
});

test('any values are filtered as by sorting each neighbourhood', () => {
  const numbers = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 8, maxLength: 30 });
  fc.assert(
    fc.property(numbers, (values) => {
      const mirrored = [...values.slice(1, 4).toReversed(), ...values, ...values.slice(-4, -1).toReversed()];
      const expected = values.map((_, i) => mirrored.slice(i, i + 7).toSorted((a, b) => a - b)[3]);
      expect(filtered(values).map((value) => value + 0)).toEqual(expected);
    }),
  );
});

test('tokens are turned to where several heads agree, whatever one of them looks at', () => {
  const [heads, rows, positions] = [3, 5, 40];
  const attention = new Float32Array(heads * rows * positions).fill(0.001);
  const look = (head: number, row: number, from: number, to: number): void => {
    const at = (head * rows + row) * positions;
    attention.fill(0.5, at + from, at + to);
  };
  for (const head of [0, 1]) {
    look(head, 0, 30, 40); // the start token; its row predicts nothing that is asked for
    look(head, 1, 0, 10);
    look(head, 2, 10, 25);
    look(head, 3, 25, 40);
    look(head, 4, 0, 3); // the end token, which predicts nothing
  }
  for (let row = 0; row < rows; row += 1) look(2, row, 5, 8);
  const alignment = { attention, heads, rows, positions, probabilities: Float32Array.of(1, 1) };
  const [first = -1, second = -1, end = -1] = turnPositions(alignment, 1);
  expect(first).toBe(0);
  expect(Math.abs(second - 10)).toBeLessThanOrEqual(2);
  expect(Math.abs(end - 25)).toBeLessThanOrEqual(2);
});
