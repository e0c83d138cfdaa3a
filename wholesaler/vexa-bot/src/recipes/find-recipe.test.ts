import { expect, test } from 'vitest';
import { findRecipe, joinUrl } from './find-recipe.ts';

test('the local recipe adds what makes the page a listener, and needs two signs of being in', () => {
  const local = findRecipe('local');
  expect(joinUrl(local!, 'http://room.test/abc?lang=en')).toBe('http://room.test/abc?lang=en&bot=1');
  expect(local?.admittedNeeds).toBeGreaterThanOrEqual(2);
  expect(local?.signals.admitted.length).toBeGreaterThanOrEqual(local?.admittedNeeds ?? 99);
});

test('a platform without a recipe has none', () => {
  expect(findRecipe('zoom')).toBeUndefined();
});
