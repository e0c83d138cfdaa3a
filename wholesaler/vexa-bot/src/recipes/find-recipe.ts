import type { Platform } from '@vexa/shared/contracts/platform';
import { googleMeet } from './google-meet.ts';
import { jitsi } from './jitsi.ts';
import { local } from './local.ts';
import type { Recipe } from './recipe.ts';
import { teams } from './teams.ts';
import { zoom } from './zoom.ts';

const recipes: Record<Platform, Recipe> = { google_meet: googleMeet, teams, zoom, jitsi, local };

export const findRecipe = (platform: Platform): Recipe => recipes[platform];

/** The address the browser opens: the meeting's own link, changed as the recipe says. */
export function joinUrl(
  { url: { query = {}, hosts = {}, path, hash } }: Recipe,
  meetingUrl: string,
  botName: string,
): string {
  const url = new URL(meetingUrl);
  url.hostname = hosts[url.hostname] ?? url.hostname;
  if (path) url.pathname = url.pathname.replace(path.match, path.become);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (hash) url.hash = hash.replaceAll('{botName}', encodeURIComponent(botName));
  return url.href;
}

/** What the link says of the passcode; empty when it says nothing. */
export const passcodeOf = ({ passcodeIn }: Recipe, meetingUrl: string): string =>
  (passcodeIn && new URL(meetingUrl).searchParams.get(passcodeIn)) || '';
