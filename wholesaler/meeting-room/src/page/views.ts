/// <reference lib="dom" />
import { element } from './dom.ts';

export type PageState =
  | 'prejoin'
  | 'joining'
  | 'lobby'
  | 'in-meeting'
  | 'denied'
  | 'removed'
  | 'ended'
  | 'full'
  | 'replaced'
  | 'left'
  | 'lost';

interface Message {
  title: string;
  text: string;
  /** The way on: another try, or out of here. */
  action?: string;
  busy?: boolean;
}

const messages: Partial<Record<PageState, Message>> = {
  joining: { title: 'Joining…', text: 'One moment.', busy: true },
  lobby: {
    title: 'Waiting for the host to let you in',
    text: 'You can stay on this page; you will be taken into the meeting as soon as you are admitted.',
    action: 'Stop waiting',
    busy: true,
  },
  denied: { title: 'Your request to join was denied', text: 'The host did not let you in.', action: 'Ask again' },
  removed: { title: 'You were removed from the meeting', text: 'The host took you out of the meeting.' },
  ended: { title: 'The meeting has ended', text: 'The host ended the meeting for everyone.' },
  full: { title: 'The meeting is full', text: 'Try again when somebody has left.', action: 'Try again' },
  replaced: { title: 'You joined from somewhere else', text: 'This page has been disconnected.' },
  left: { title: 'You left the meeting', text: 'You can come back while it is running.', action: 'Join again' },
  lost: { title: 'The connection was lost', text: 'The meeting could not be reached any more.', action: 'Join again' },
};

/** Shows one state of the page: its view, its texts, and `data-state` on the body. */
export function show(state: PageState): void {
  const message = messages[state];
  document.body.dataset.state = state;
  element('prejoin').hidden = state !== 'prejoin';
  element('meeting').hidden = state !== 'in-meeting';
  element('message').hidden = message === undefined;
  element('message-title').textContent = message?.title ?? '';
  element('message-text').textContent = message?.text ?? '';
  element('message-spinner').hidden = !message?.busy;
  element('message-home').hidden = message?.busy ?? false;
  const action = element('message-action', HTMLButtonElement);
  action.hidden = message?.action === undefined;
  action.textContent = message?.action ?? '';
  if (message && !message.busy) element('message-title').focus();
}

/** Tells screen readers. */
export const announce = (text: string): void => {
  element('announce').textContent = text;
};
