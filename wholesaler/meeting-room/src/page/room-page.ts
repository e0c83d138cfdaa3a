/// <reference lib="dom" />
import { Call } from './call.ts';
import { element } from './dom.ts';
import { Microphone } from './microphone.ts';
import { prepareMicrophone } from './prejoin.ts';
import { type PageState, show } from './views.ts';

const room = location.pathname.slice(1);
const query = new URLSearchParams(location.search);
const kind = query.get('bot') === '1' ? 'bot' : 'person';
const nameInput = element('name', HTMLInputElement);
const nameKey = 'vexa-room-name';

let hostKey = query.get('host') ?? sessionStorage.getItem(`vexa-host-${room}`) ?? undefined;
let microphone = new Microphone();
let call: Call | undefined;
let stopPreview = () => {};

function prejoin(problem = ''): void {
  call = undefined;
  microphone = new Microphone();
  show('prejoin');
  element('join-error').textContent = problem;
  // A bot only listens, so nobody is asked for a microphone.
  if (kind === 'person') stopPreview = prepareMicrophone(microphone);
  nameInput.focus();
}

function join(): void {
  const name = nameInput.value.trim();
  if (name === '' || call) return;
  if (kind === 'person') localStorage.setItem(nameKey, name);
  stopPreview();
  element('join-error').textContent = '';
  show('joining');
  call = new Call({ room, name, kind, hostKey, microphone, onOver: over, onHostKey: rememberHostKey });
}

function over(state: PageState, problem?: string): void {
  call = undefined;
  if (problem === undefined) {
    show(state);
    return;
  }
  if (!query.has('host')) forgetHostKey();
  prejoin(problem);
}

function rememberHostKey(key: string): void {
  hostKey = key;
  sessionStorage.setItem(`vexa-host-${room}`, key);
}

/** A remembered key may be of an earlier meeting in a room of the same name; a plain visit is then right. */
function forgetHostKey(): void {
  hostKey = undefined;
  sessionStorage.removeItem(`vexa-host-${room}`);
}

element('room-id').textContent = room;
document.title = `${room} · Vexa Room`;
if (kind === 'person') nameInput.value = localStorage.getItem(nameKey) ?? '';
element('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  join();
});
element('message-action').addEventListener('click', () => {
  if (call) call.leave();
  else prejoin();
});
element('copy-link').addEventListener('click', async () => {
  const button = element('copy-link');
  try {
    await navigator.clipboard.writeText(`${location.origin}/${room}`);
    button.textContent = 'Copied';
  } catch {
    button.textContent = `${location.origin}/${room}`;
  }
});
prejoin();
