/// <reference lib="dom" />
import type { Participant, Waiting } from '../signaling/messages.ts';
import { create, element } from './dom.ts';

interface Actions {
  admit: (participantId: string) => void;
  deny: (participantId: string) => void;
  remove: (participantId: string) => void;
}

/** The list of who is there and, for hosts, who waits. */
export function showPeople(people: Participant[], selfId: string, host: boolean, { remove }: Actions): void {
  element('people-count').textContent = `(${people.length})`;
  element('people-list').replaceChildren(
    ...people.map((person) => {
      const item = create('li', {}, create('span', { className: 'name', textContent: person.name }));
      if (person.id === selfId) item.append(create('span', { className: 'tag', textContent: 'You' }));
      if (person.kind === 'bot') item.append(create('span', { className: 'tag', textContent: 'Bot' }));
      if (person.host) item.append(create('span', { className: 'tag', textContent: 'Host' }));
      if (host && person.id !== selfId) item.append(action('Remove', 'remove', person, remove));
      return item;
    }),
  );
}

export function showLobby(waiting: Waiting[], { admit, deny }: Actions): void {
  element('lobby-panel').hidden = waiting.length === 0;
  element('lobby-list').replaceChildren(
    ...waiting.map((person) => {
      const name = create('span', { className: 'name', textContent: person.name });
      const yes = action('Admit', 'admit', person, admit);
      yes.classList.add('primary');
      const item = create('li', {}, name, yes, action('Deny', 'deny', person, deny));
      item.dataset.waitingId = person.id;
      return item;
    }),
  );
}

function action(label: string, verb: string, person: { id: string; name: string }, run: (id: string) => void) {
  const button = create('button', { type: 'button', className: 'plain compact', textContent: label });
  button.dataset.action = verb;
  button.setAttribute('aria-label', `${label} ${person.name}`);
  button.addEventListener('click', () => run(person.id));
  return button;
}
