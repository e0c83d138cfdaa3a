import { joinAsParticipant, type ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import { waitFor } from '@vexa/shared/testing/wait-for';

/** A room of the meeting room service, with what its host can do to the bot in it. */
export interface Room {
  id: string;
  join(name: string): Promise<ScriptedParticipant>;
  admit(): Promise<void>;
  deny(): Promise<void>;
  remove(): Promise<void>;
  end(): Promise<void>;
}

interface View {
  participants: { id: string; kind: string }[];
  waiting: { id: string; kind: string }[];
}

/** Makes a room with a name of its own; with a lobby nobody gets in unasked. */
export async function makeRoom(server: string, { lobby = false } = {}): Promise<Room> {
  const ask = async <T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> => {
    const response = await fetch(`${server}/api/rooms${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const { room, host_key: hostKey } = await ask<{ room: string; host_key: string }>('', { lobby });
  const asHost = { 'x-host-key': hostKey };
  const decide = (verb: string) => async () => {
    const bot = await waitFor('the bot at the room', async () => {
      const { participants, waiting } = await ask<View>(`/${room}`, undefined, asHost);
      return [...participants, ...waiting].find(({ kind }) => kind === 'bot');
    });
    await ask(`/${room}/participants/${bot.id}/${verb}`, {}, asHost);
  };
  return {
    id: room,
    async join(name) {
      const person = joinAsParticipant({ server, room, name, hostKey });
      await person.waitUntilAdmitted(60_000);
      return person;
    },
    admit: decide('admit'),
    deny: decide('deny'),
    remove: decide('remove'),
    end: () => ask(`/${room}/end`, {}, asHost),
  };
}
