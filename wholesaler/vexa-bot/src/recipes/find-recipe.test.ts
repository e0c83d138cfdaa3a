import { Platform } from '@vexa/shared/contracts/platform';
import { describe, expect, test } from 'vitest';
import { findRecipe, joinUrl, passcodeOf } from './find-recipe.ts';

const open = (platform: Platform, link: string) => joinUrl(findRecipe(platform), link, 'Vexa "Notes"');

test('each link is opened as its platform wants it', () => {
  expect(open('local', 'http://room.test/abc?lang=en')).toBe('http://room.test/abc?lang=en&bot=1');
  expect(open('google_meet', 'https://meet.google.com/abc-defg-hij')).toBe(
    'https://meet.google.com/abc-defg-hij?hl=en',
  );
  expect(open('zoom', 'https://zoom.us/j/123456789?pwd=a%20b')).toBe('https://app.zoom.us/wc/123456789/join?pwd=a%20b');
  expect(open('jitsi', 'https://meet.jit.si/Standup')).toContain(
    'userInfo.displayName=%22Vexa%20%22Notes%22%22'.slice(0, 24),
  );
  expect(open('teams', 'https://teams.live.com/meet/123456789?p=x')).toBe('https://teams.live.com/meet/123456789?p=x');
  expect(passcodeOf(findRecipe('zoom'), 'https://zoom.us/j/123456789?pwd=a%20b')).toBe('a b');
});

describe.each(Platform.options)('the recipe of %s', (platform) => {
  const recipe = findRecipe(platform);

  test('needs two independent signs of being in, and knows every way out', () => {
    expect(recipe.platform).toBe(platform);
    expect(recipe.admittedNeeds).toBeGreaterThanOrEqual(2);
    expect(recipe.signals.admitted?.length).toBeGreaterThanOrEqual(recipe.admittedNeeds);
    for (const signal of ['lobby', 'rejected', 'removed', 'ended'] as const) {
      expect(recipe.signals[signal]?.length).toBeGreaterThan(0);
    }
    expect(recipe.leave.length).toBeGreaterThan(0);
  });

  test('is dated, and its names are unique within a signal', () => {
    expect(recipe.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Number.isNaN(Date.parse(recipe.checkedOn))).toBe(false);
    for (const probes of Object.values(recipe.signals)) {
      expect(new Set(probes.map(({ name }) => name)).size).toBe(probes.length);
    }
  });
});
