import type { Platform } from '@vexa/shared/contracts/platform';
import { local } from './local.ts';
import type { Recipe } from './recipe.ts';

const recipes: Partial<Record<Platform, Recipe>> = { local };

/** The recipe of a platform, or undefined where there is none yet. */
export const findRecipe = (platform: Platform): Recipe | undefined => recipes[platform];

/** The address the browser opens: the meeting's own link plus what the recipe adds to it. */
export function joinUrl(recipe: Recipe, meetingUrl: string): string {
  const url = new URL(meetingUrl);
  for (const [name, value] of Object.entries(recipe.url.query)) url.searchParams.set(name, value);
  return url.href;
}
