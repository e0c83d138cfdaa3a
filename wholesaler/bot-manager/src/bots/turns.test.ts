import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets one user after the other wait, in order, also behind work that fails, and others pass', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take(1, async () => {
    await gate.promise;
    done.push('first');
    throw new Error('failed');
  });
  const second = turns.take(1, async () => void done.push('second'));
  await turns.take(2, async () => void done.push('other'));
  expect(done).toEqual(['other']);
  gate.resolve();
  await expect(first).rejects.toThrow('failed');
  await second;
  expect(done).toEqual(['other', 'first', 'second']);
});
