import { setTimeout as wait } from 'node:timers/promises';
import { joinAsParticipant, type ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import type { Platform } from '@vexa/shared/contracts/platform';
import type { Segment } from '@vexa/shared/contracts/transcript';
import type { HearingNetwork } from './hearing-network.ts';
import { speakersOf, type Turn } from './plan-turns.ts';

const settleMs = 1_500;
const lastWordsMs = 3_000;

let rooms = 0;

/** Links as people paste them, to the pages that behave like those platforms. */
const linkTo: Record<string, (room: string) => string> = {
  local: (room) => `/${room}`,
  teams: (room) => `/faces/teams/meet/${room}`,
  zoom: (room) => `/faces/zoom/j/${room}`,
  google_meet: (room) => `/faces/google_meet/${room}`,
  jitsi: (room) => `/faces/jitsi/${room}`,
};

/** Lets people say these turns in a room, with a bot of this platform in it, and answers with the transcript. */
export async function holdMeeting(network: HearingNetwork, platform: Platform, turns: Turn[]): Promise<Segment[]> {
  const room = platform === 'zoom' ? String(1_230_000_000 + ++rooms) : `quality-${++rooms}`;
  const created = await ask(network, '', { room });
  const asHost = { 'x-host-key': created.host_key ?? '' };
  await using people = new AsyncDisposableStack();
  const present = new Map<string, ScriptedParticipant>();
  for (const name of speakersOf(turns)) {
    const person = people.use(joinAsParticipant({ server: network.roomUrl, room, name, botsOnly: true }));
    present.set(name, person);
    await person.waitUntilAdmitted();
  }
  const meeting = await network.newMeeting();
  const url = new URL(linkTo[platform]?.(room) ?? '', network.roomUrl).href;
  const bot = network.sendBot(meeting, { platform, url, nativeId: room });
  await bot.active;
  await wait(settleMs);
  await speakInTurns(present, turns);
  await wait(lastWordsMs);
  await ask(network, `/${room}/end`, {}, asHost);
  await bot.gone;
  return meeting.transcript();
}

async function speakInTurns(people: ReadonlyMap<string, ScriptedParticipant>, turns: readonly Turn[]): Promise<void> {
  const spoken: Promise<unknown>[] = [];
  let endsAt = Date.now();
  for (const { speaker, voice, pauseMs } of turns) {
    await wait(Math.max(0, endsAt + pauseMs - Date.now()));
    const pcm = Int16Array.from(voice.audio, (sample) => Math.round(sample * 32_767));
    const speaking = people.get(speaker)?.speak(pcm);
    spoken.push(Promise.resolve(speaking));
    endsAt = Math.max(endsAt, Date.now() + voice.seconds * 1000);
  }
  await Promise.all(spoken);
}

async function ask({ roomUrl }: HearingNetwork, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${roomUrl}/api/rooms${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, string>;
}
