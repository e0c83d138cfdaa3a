import { buttons, texts } from './probes-of.ts';
import type { Recipe } from './recipe.ts';

export const googleMeet: Recipe = {
  platform: 'google_meet',
  version: '1.0.0',
  checkedOn: '2026-08-15',
  url: { query: { hl: 'en' } },
  join: [
    {
      do: 'fill',
      selector:
        'input[type="text"][aria-label="Your name"], input[jsname][type="text"], input[type="text"]:not([aria-hidden="true"])',
      value: '{botName}',
    },
    { do: 'click', selector: '[aria-label*="Turn off microphone"]', optional: true },
    { do: 'click', selector: '[aria-label*="Turn off camera"]', optional: true },
    { do: 'click', selector: buttons('Ask to join', 'Join now', 'Join', 'Ask to join anyway', 'Switch here') },
  ],
  signals: {
    obstacle: [{ name: 'Got it', selector: 'button', text: 'Got it' }],
    lobby: texts(
      'body',
      'Asking to be let in',
      "You'll join the call when someone lets you in",
      'Please wait until a meeting host brings you into the call',
      'Waiting for the host to let you in',
      "You're in the waiting room",
    ),
    rejected: texts(
      'body',
      'denied your request',
      'Your request to join was denied',
      'You were denied',
      "weren't allowed to join",
      'not admitted',
      'Access denied',
    ),
    admitted: [
      { name: 'leave button', selector: 'button[aria-label="Leave call"]' },
      { name: 'somebody’s tile', selector: '[data-participant-id]:not([data-effects-ui])' },
      { name: 'own name', selector: '[data-self-name]' },
      { name: 'share button', selector: 'button[aria-label*="Present now"], button[aria-label*="Share screen"]' },
    ],
    removed: texts('body', "You've been removed from the meeting", 'You were removed from the meeting'),
    ended: texts('body', 'Meeting ended', 'Call ended', 'You left the meeting', 'Meeting has ended'),
    refused: texts('body', "can't join this call", 'Meeting not found'),
  },
  admittedNeeds: 2,
  tiles: {
    tile: '[data-participant-id]',
    idAttribute: 'data-participant-id',
    name: [{ attribute: 'data-self-name' }, { selector: 'span.notranslate' }],
    placeholders: ['Google Participant (', 'spaces/', 'devices/'],
    self: '[data-self-name]',
    speaking: '.Oaajhc, .HX2H7, .wEsLMd, .OgVli, [data-audio-level]:not([data-audio-level="0"])',
    silent: '.gjg47c',
  },
  voices: 'switched-tracks',
  leave: [
    { do: 'click', selector: 'button[aria-label="Leave call"]', optional: true },
    { do: 'click', selector: buttons('Just leave the meeting'), optional: true },
  ],
};
