import { buttons, texts } from './probes-of.ts';
import type { Recipe } from './recipe.ts';

/** The web client. Where Zoom turns automated guests away, the run ends and says so. */
export const zoom: Recipe = {
  platform: 'zoom',
  version: '1.0.0',
  checkedOn: '2026-08-15',
  url: { hosts: { 'zoom.us': 'app.zoom.us' }, path: { match: /\/j\/(\d+)$/, become: '/wc/$1/join' } },
  passcodeIn: 'pwd',
  join: [
    { do: 'fill', selector: '#input-for-name, #inputname', value: '{botName}' },
    { do: 'fill', selector: '#input-for-pwd, #inputpasscode', value: '{passcode}', optional: true },
    { do: 'click', selector: '#preview-audio-control-button[aria-label="Mute"]', optional: true },
    { do: 'click', selector: 'button.preview-join-button, #joinBtn' },
  ],
  signals: {
    obstacle: [
      { name: 'cookies', selector: '#onetrust-accept-btn-handler' },
      {
        name: 'continue without devices',
        selector: 'button, [role="button"]',
        text: 'Continue without microphone and camera',
      },
    ],
    lobby: texts('body', 'the meeting host will let you in soon', 'Waiting for the host to start', 'Waiting Room'),
    notStarted: [{ name: 'error page', title: 'Error - Zoom' }],
    rejected: texts('body', 'denied your request', 'You have been denied'),
    admitted: [
      { name: 'leave button', selector: 'button[aria-label="Leave"]' },
      { name: 'meeting', selector: '.meeting-app' },
    ],
    removed: texts('.zm-modal-body-title', 'You have been removed'),
    ended: texts('.zm-modal-body-title', 'This meeting has been ended by host', 'meeting has ended'),
    wall: texts('body', "automated bots aren't allowed", 'must use Zoom RTMS'),
  },
  admittedNeeds: 2,
  tiles: {
    tile: '.speaker-active-container__video-frame, .speaker-bar-container__video-frame',
    name: [{ selector: '.video-avatar__avatar-footer span' }],
    speaking: '.speaker-active-container__video-frame, .speaker-bar-container__video-frame--active',
  },
  voices: 'mixed',
  leave: [
    { do: 'click', selector: 'button[aria-label="Leave"]', optional: true },
    { do: 'click', selector: buttons('Leave Meeting'), optional: true },
  ],
};
