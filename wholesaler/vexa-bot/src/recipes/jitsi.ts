import { buttons, texts } from './probes-of.ts';
import type { Recipe } from './recipe.ts';

export const jitsi: Recipe = {
  platform: 'jitsi',
  version: '1.0.0',
  checkedOn: '2026-08-15',
  url: {
    hash: 'config.prejoinConfig.enabled=true&config.startWithAudioMuted=true&config.startWithVideoMuted=true&userInfo.displayName="{botName}"',
  },
  join: [
    {
      do: 'fill',
      selector: '#premeeting-name-input, input[placeholder="Enter your name"]',
      value: '{botName}',
      optional: true,
    },
    { do: 'click', selector: `[data-testid="prejoin.joinMeeting"], ${buttons('Join meeting')}` },
    { do: 'click', selector: buttons('Ask to join'), optional: true },
  ],
  signals: {
    lobby: texts('body', 'Asking to join meeting', 'Waiting for the moderator'),
    rejected: texts('body', 'Your request to join was rejected', 'Your joining request was rejected'),
    admitted: [
      { name: 'leave button', selector: '[aria-label="Leave the meeting"]' },
      { name: 'own tile', selector: '#localVideoContainer' },
      { name: 'somebody’s tile', selector: 'span.videocontainer[id^="participant_"]' },
    ],
    removed: texts('body', 'You were removed from the meeting', 'kicked you out of the meeting'),
    ended: texts('body', 'The meeting has ended', 'The conference has ended'),
  },
  admittedNeeds: 2,
  tiles: {
    tile: 'span.videocontainer[id^="participant_"], #localVideoContainer',
    idAttribute: 'id',
    name: [{ selector: '.displayname' }],
    nameSuffixes: [' (me)'],
    placeholders: ['Fellow Jitster'],
    self: '#localVideoContainer',
    speaking: '.dominant-speaker',
  },
  voices: 'own-tracks',
  leave: [{ do: 'click', selector: '[aria-label="Leave the meeting"]', optional: true }],
};
