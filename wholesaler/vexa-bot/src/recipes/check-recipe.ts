import type { Platform } from '@vexa/shared/contracts/platform';
import type { Logger } from '@vexa/shared/logging';
import type { BrowserContext } from 'playwright';
import { MeetingPage } from '../engine/meeting-page.ts';
import { findRecipe, joinUrl } from './find-recipe.ts';
import type { Step } from './recipe.ts';

export interface RecipePart {
  part: string;
  found: boolean;
  /** Absent parts that a page may do without are told, but are no fault. */
  needed: boolean;
}

interface Asked {
  platform: Platform;
  meetingUrl: string;
  botName: string;
  /** For the door, and again for what follows it. */
  waitMs: number;
}

/** Takes a recipe's way into a meeting and says which of its parts the page has. Leaves again. */
export async function checkRecipe(
  { context, logger }: { context: BrowserContext; logger: Logger },
  asked: Asked,
): Promise<{ version: string; checkedOn: string; parts: RecipePart[] }> {
  const recipe = findRecipe(asked.platform);
  const { version, checkedOn } = recipe;
  const parts: RecipePart[] = [];
  const note = (part: string, found: boolean, needed = true) => {
    parts.push({ part, found, needed });
    return found;
  };
  const page = await MeetingPage.open({ context, recipe, meeting: asked, logger, onAudio: () => {}, onView: () => {} });
  const within = <T>(condition: () => T | undefined) => page.until(condition, AbortSignal.timeout(asked.waitMs));
  const settles = (work: Promise<unknown>) => work.then(() => true).catch(() => false);
  const noteStep = async (where: string, step: Step) =>
    note(`${where}: ${step.do} ${step.selector}`, await page.has(step.selector), !step.optional);
  try {
    await page.goto(joinUrl(recipe, asked.meetingUrl, asked.botName));
    if (!note('the door opens', await settles(page.atTheDoor(asked.waitMs)))) return { version, checkedOn, parts };
    for (const step of recipe.join) await noteStep('join', step);
    if (!note('the steps can be taken', await settles(page.enter()))) return { version, checkedOn, parts };
    await settles(within(() => page.admitted || page.signs('lobby').length > 0 || undefined));
    note(`lobby: ${page.signs('lobby').join(', ') || 'no known text'}`, page.signs('lobby').length > 0, !page.admitted);
    if (!page.admitted) return { version, checkedOn, parts };
    for (const { name } of recipe.signals.admitted ?? []) {
      note(`admitted: ${name}`, page.signs('admitted').includes(name), false);
    }
    const people = page.view.people;
    note(`tiles: ${recipe.tiles.tile}`, people.length > 0);
    note(
      'tiles: own',
      people.some(({ self }) => self),
      false,
    );
    note('tiles: everybody has a name', people.length > 0 && people.every(({ name }) => name !== ''), false);
    for (const [index, step] of recipe.leave.entries()) {
      note(`leave: ${step.do} ${step.selector}`, await page.has(step.selector), index === 0);
    }
    return { version, checkedOn, parts };
  } finally {
    await page.leave();
  }
}
