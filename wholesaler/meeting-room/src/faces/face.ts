/// <reference lib="dom" />
import { Mesh } from '../client/mesh.ts';
import { SignalingClient } from '../client/signaling-client.ts';
import { receivedLevel } from '../page/tiles.ts';
import type { Participant, ServerMessage } from '../signaling/messages.ts';
import { FaceTiles } from './face-tiles.ts';
import { FaceVoices } from './face-voices.ts';

/**
 * The script of every face: a page that behaves like another platform's web client, with a room of ours behind it. What
 * differs between platforms is in the page: sections by state (`data-when`), what a click does (`data-do`), tiles.
 */

const { body } = document;
const [platform = '', ...path] = location.pathname.split('/').filter(Boolean).slice(1);
const room = path.find((part) => !['meet', 'j', 'wc', 'join'].includes(part)) ?? '';
const query = new URLSearchParams(location.search);
const tickMs = 100;

const tiles = new FaceTiles();
const voices = new FaceVoices(body.dataset.voices ?? 'own');
const people = new Map<string, Participant>();
const receivers = new Map<string, RTCRtpReceiver>();
let selfId = '';
let confirmed = body.dataset.confirm === undefined;
let signaling: SignalingClient | undefined;
let mesh: Mesh | undefined;

function show(state: string): void {
  body.dataset.state = state;
  for (const section of document.querySelectorAll<HTMLElement>('[data-when]')) {
    section.hidden = section.dataset.when !== state;
  }
}

async function begin(): Promise<void> {
  if (query.has('wall')) return show('wall');
  const title = body.dataset.notStarted;
  if (title && !(await hasStarted())) {
    document.title = title;
    return show('not-started');
  }
  show(body.dataset.first ?? 'prejoin');
}

async function hasStarted(): Promise<boolean> {
  const answer = await fetch(`/api/rooms/${room}`);
  return answer.ok && (await answer.json()).participant_count > 0;
}

async function join(): Promise<void> {
  const name = document.querySelector<HTMLInputElement>('[data-name]')?.value.trim();
  if (!name || signaling) return;
  if (!confirmed) return show('confirm');
  await voices.open(Number(query.get('tracks')) || undefined);
  mesh = new Mesh({
    createPeer: () => voices.createPeer(),
    send: (to, signal) => signaling?.send({ type: 'signal', to, signal }),
    onTrack: (id, track, receiver) => {
      receivers.set(id, receiver);
      voices.add(id, track, tiles.rootOf(id));
    },
    onError: (error) => console.error('A connection to a participant failed', error),
    receiveOnly: true,
  });
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  signaling = new SignalingClient({
    url: `${scheme}//${location.host}/api/rooms/${room}/ws`,
    join: { name, kind: 'bot', muted: true },
    onMessage: receive,
    onLost: () => over('left'),
  });
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case 'lobby':
      show('lobby');
      break;
    case 'joined':
      selfId = message.self.id;
      show('in-meeting');
      put(message.self);
      for (const participant of message.participants) {
        put(participant);
        mesh?.connect(participant.id);
      }
      break;
    case 'participant_joined':
    case 'participant_changed':
      put(message.participant);
      break;
    case 'participant_left':
      drop(message.participant_id);
      break;
    case 'signal':
      if (people.has(message.from)) mesh?.receive(message.from, message.signal);
      break;
    case 'closed':
      over(message.reason);
      break;
    case 'error':
      console.error('The room refused something', message);
  }
}

function put(participant: Participant): void {
  people.set(participant.id, participant);
  tiles.put(participant, participant.id === selfId);
}

function drop(id: string): void {
  people.delete(id);
  receivers.delete(id);
  mesh?.drop(id);
  voices.drop(id);
  tiles.drop(id);
}

function over(state: string): void {
  signaling?.stop();
  for (const id of [...people.keys()]) drop(id);
  show(state);
}

const actions: Record<string, (element: HTMLElement) => void> = {
  open: () => show('prejoin'),
  join: () => void join(),
  confirm: () => {
    confirmed = true;
    show('prejoin');
  },
  toggle: (element) => element.setAttribute('aria-label', element.dataset.then ?? ''),
  dismiss: (element) => element.closest('[data-overlay]')?.remove(),
  leave: () => {
    signaling?.leave();
    over('left');
  },
};

addEventListener('click', ({ target }) => {
  const element = target instanceof Element ? target.closest<HTMLElement>('[data-do]') : null;
  if (element) actions[element.dataset.do ?? '']?.(element);
});
addEventListener('pagehide', () => signaling?.leave());
setInterval(() => {
  const levels = new Map([...receivers].map(([id, receiver]) => [id, receivedLevel(receiver)]));
  const speaking = voices.follow(levels);
  tiles.showSpeaking(speaking);
}, tickMs);
body.dataset.platform = platform;
await begin();
