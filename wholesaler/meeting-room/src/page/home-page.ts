/// <reference lib="dom" />
import { element } from './dom.ts';

const roomPattern = /^[a-z0-9-]{3,64}$/;

element('create-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void create();
});

element('open-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const given = element('room', HTMLInputElement).value.trim();
  const room = roomOf(given);
  if (room) location.assign(`/${room}`);
  else element('open-error').textContent = 'A room name has 3 to 64 lower-case letters, digits or hyphens.';
});

async function create(): Promise<void> {
  const room = element('new-room', HTMLInputElement).value.trim();
  const lobby = element('lobby', HTMLInputElement).checked;
  const button = element('create', HTMLButtonElement);
  button.disabled = true;
  try {
    const response = await fetch('/api/rooms', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ lobby, ...(room ? { room } : {}) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(messageOf(answer.detail));
    location.assign(`/${answer.room}?host=${encodeURIComponent(answer.host_key)}`);
  } catch (error) {
    element('create-error').textContent = error instanceof Error ? error.message : 'The room could not be made.';
    button.disabled = false;
  }
}

const messageOf = (detail: string | { loc: string[]; msg: string }[]): string =>
  typeof detail === 'string' ? detail : detail.map(({ loc, msg }) => `${loc.at(-1)} ${msg}`).join('; ');

function roomOf(given: string): string | undefined {
  const name = URL.canParse(given) ? new URL(given).pathname.slice(1) : given;
  return roomPattern.test(name) ? name : undefined;
}
