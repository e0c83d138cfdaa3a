import { buttons, texts } from './probes-of.ts';
import type { Recipe } from './recipe.ts';

export const teams: Recipe = {
  platform: 'teams',
  version: '1.0.0',
  checkedOn: '2026-08-15',
  url: {},
  passcodeIn: 'p',
  join: [
    { do: 'fill', selector: 'input[placeholder*="name" i]', value: '{botName}' },
    { do: 'click', selector: '[role="radio"][aria-label*="Computer audio"]', optional: true },
    { do: 'click', selector: '[aria-label*="Turn camera off"]', optional: true },
    { do: 'click', selector: buttons('Join now') },
  ],
  signals: {
    obstacle: [
      { name: 'continue in the browser', selector: 'button', text: 'Continue on this browser' },
      { name: 'continue without devices', selector: 'button', text: 'Continue without audio or video' },
    ],
    lobby: texts(
      'body',
      'Someone will let you in shortly',
      "You're in the lobby",
      'Waiting for someone to let you in',
      'Your request to join has been sent',
    ),
    rejected: texts('body', 'you were denied', 'denied entry', 'Access denied', 'Request denied'),
    admitted: [
      { name: 'hangup button', selector: '#hangup-button, [data-tid="hangup-main-btn"]' },
      { name: 'leave button', selector: 'button[aria-label="Leave"]' },
      { name: 'somebody’s tile', selector: '[data-stream-type][data-tid], [data-tid="roster-participant"]' },
    ],
    // Texts alone: alerts come and go in a meeting that is well.
    removed: texts('body', "You've been removed from this meeting"),
    ended: texts('body', 'Meeting ended', 'Call ended'),
  },
  admittedNeeds: 2,
  tiles: {
    tile: '[data-stream-type][data-tid]',
    idAttribute: 'data-acc-element-id',
    name: [{ attribute: 'data-tid' }],
    nameSuffixes: [' (Guest)', ' (Unverified)', ' (External)'],
    placeholders: ['Unknown user', 'Guest'],
    speaking: '[data-tid="voice-level-stream-outline"]',
  },
  voices: 'mixed',
  leave: [
    {
      do: 'click',
      selector: '#hangup-button, [data-tid="hangup-main-btn"], button[aria-label="Leave"]',
      optional: true,
    },
  ],
};
