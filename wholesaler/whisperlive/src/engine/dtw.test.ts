import fc from 'fast-check';
import { expect, test } from 'vitest';
import { warp } from './dtw.ts';

/** Cost 0 where `path` says so, 1 elsewhere: rows of characters, `.` being cheap. */
function costs(...rows: string[]): [Float32Array, number, number] {
  const columns = rows[0]?.length ?? 0;
  return [Float32Array.from(rows.join(''), (cell) => (cell === '.' ? 0 : 1)), rows.length, columns];
}

test('each row begins where the cheap way enters it', () => {
  expect([...warp(...costs('...#####', '###..###', '#####...'))]).toEqual([0, 3, 5]);
});

test('a row that nothing speaks for takes no time', () => {
  expect([...warp(...costs('....####', '########', '####....'))].slice(0, 1)).toEqual([0]);
  const [, skipped = 0, last = 0] = warp(...costs('....####', '########', '####....'));
  expect(last - skipped).toBeLessThanOrEqual(1);
});

test('more rows than columns still come out in order', () => {
  expect([...warp(new Float32Array(10), 5, 2)]).toHaveLength(5);
});

test('one row or one column', () => {
  expect([...warp(new Float32Array(4), 1, 4)]).toEqual([0]);
  expect([...warp(new Float32Array(4), 4, 1)]).toEqual([0, 0, 0, 0]);
});

/** Every way there is, tried out. */
function cheapest(cost: Float32Array, rows: number, columns: number): number {
  const from = (row: number, column: number): number => {
    const own = cost[row * columns + column] ?? 0;
    if (row === rows - 1 && column === columns - 1) return own;
    const next = [
      [row + 1, column],
      [row, column + 1],
      [row + 1, column + 1],
    ] as const;
    const ways = next.filter(([r, c]) => r < rows && c < columns).map(([r, c]) => from(r, c));
    return own + Math.min(...ways);
  };
  return from(0, 0);
}

/** The least cost of a way that enters its rows where it is said to. */
function costOf(cost: Float32Array, rows: number, columns: number, first: Int32Array): number {
  const way: Float32Array = cost.map((value, i) => {
    const row = Math.floor(i / columns);
    const column = i % columns;
    const inside = column >= (first[row] ?? 0) && column <= (first[row + 1] ?? columns - 1);
    return inside ? value : 1e6;
  });
  return cheapest(way, rows, columns);
}

test('no other way is cheaper', () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }));
  const table = shape.chain(([rows, columns]) =>
    fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => [Float32Array.from(values), rows, columns] as const),
  );
  fc.assert(
    fc.property(table, ([cost, rows, columns]) => {
      const first = warp(cost, rows, columns);
      expect([...first]).toEqual([...first.toSorted()]);
      expect(costOf(cost, rows, columns, first)).toBe(cheapest(cost, rows, columns));
    }),
    { numRuns: 200 },
  );
});
