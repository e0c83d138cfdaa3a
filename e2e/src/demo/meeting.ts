import { joinAsParticipant, type ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import type { SpokenTurn } from './measure.ts';
import { type ScriptedTurn, speakersOf } from './script.ts';

/** A room with its scripted people in it. */
export interface Room extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Speaks the script in real time; resolves with what was said when. */
  play(script: ScriptedTurn[], onTurn?: (turn: ScriptedTurn) => void): Promise<SpokenTurn[]>;
  endForAll(): Promise<void>;
}

const pauseBetweenTurnsMs = 900;

/** Opens a room of the meeting room service and lets everybody of the script join it. */
export async function openRoom(server: string, name: string, script: ScriptedTurn[]): Promise<Room> {
  const created = await fetch(`${server}/api/rooms`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ room: name }),
  });
  if (created.status !== 201) throw new Error(`The room was not created: ${created.status} ${await created.text()}`);
  const { url, host_key: hostKey } = (await created.json()) as { url: string; host_key: string };
  await using cleanup = new AsyncDisposableStack();
  const people = new Map<string, ScriptedParticipant>();
  for (const speaker of speakersOf(script)) {
    const person = cleanup.use(joinAsParticipant({ server, room: name, name: speaker }));
    await person.waitUntilAdmitted();
    people.set(speaker, person);
  }
  const owned = cleanup.move();
  return {
    name,
    url,
    play: (turns, onTurn = () => {}) => play(people, turns, onTurn),
    async endForAll() {
      const ended = await fetch(`${server}/api/rooms/${name}/end`, {
        method: 'POST',
        headers: { 'x-host-key': hostKey },
      });
      if (!ended.ok) throw new Error(`The room did not end: ${ended.status} ${await ended.text()}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function play(
  people: Map<string, ScriptedParticipant>,
  script: ScriptedTurn[],
  onTurn: (turn: ScriptedTurn) => void,
): Promise<SpokenTurn[]> {
  const spoken: Promise<SpokenTurn>[] = [];
  for (const turn of script) {
    if (!turn.together) {
      await Promise.all(spoken);
      await new Promise((resolve) => setTimeout(resolve, pauseBetweenTurnsMs));
    }
    onTurn(turn);
    spoken.push(speak(people, turn));
  }
  return Promise.all(spoken);
}

async function speak(people: Map<string, ScriptedParticipant>, turn: ScriptedTurn): Promise<SpokenTurn> {
  const person = people.get(turn.speaker);
  if (!person) throw new Error(`${turn.speaker} is not in the room`);
  const { startedAt, endedAt } = await person.speak(turn.clip.path);
  return { speaker: turn.speaker, reference: turn.clip.reference, startedAt, endedAt };
}
