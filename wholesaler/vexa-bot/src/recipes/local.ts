import type { Probe, Recipe } from './recipe.ts';

const state = (value: string): Probe => ({ name: `state ${value}`, selector: `body[data-state="${value}"]` });

/** The product's own meeting room. */
export const local: Recipe = {
  platform: 'local',
  version: '1.0.0',
  checkedOn: '2026-08-01',
  url: { query: { bot: '1' } },
  join: [
    { do: 'fill', selector: '#name', value: '{botName}' },
    { do: 'click', selector: '#join' },
  ],
  signals: {
    lobby: [
      state('lobby'),
      { name: 'waiting text', selector: '#message-title', text: 'Waiting for the host to let you in' },
    ],
    rejected: [
      state('denied'),
      { name: 'denied text', selector: '#message-title', text: 'Your request to join was denied' },
    ],
    admitted: [
      state('in-meeting'),
      { name: 'leave button', selector: '#leave' },
      { name: 'own tile', selector: '[data-participant-id][data-self="true"]' },
    ],
    removed: [
      state('removed'),
      { name: 'removed text', selector: '#message-title', text: 'You were removed from the meeting' },
    ],
    ended: [state('ended'), { name: 'ended text', selector: '#message-title', text: 'The meeting has ended' }],
    refused: [state('full'), state('replaced'), { name: 'join error', selector: '#join-error:not(:empty)' }],
    lost: [state('lost')],
  },
  admittedNeeds: 2,
  tiles: {
    tile: '[data-participant-id]',
    idAttribute: 'data-participant-id',
    name: [{ attribute: 'data-participant-name' }],
    self: '[data-self="true"]',
    bot: '[data-kind="bot"]',
    speaking: '[data-speaking="true"]',
  },
  voices: 'own-tracks',
  leave: [
    { do: 'click', selector: 'body[data-state="lobby"] #message-action', optional: true },
    { do: 'click', selector: '#leave', optional: true },
  ],
};
