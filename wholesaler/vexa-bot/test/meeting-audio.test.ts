import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MeetingAudio } from '../src/audio/meeting-audio.ts';
import type { PersonSeen } from '../src/page/messages.ts';
import type { Voices } from '../src/recipes/recipe.ts';
import {
  type HeardSession,
  startTranscriptionServer,
  type TranscriptionServer,
} from './support/transcription-server.ts';

let server: TranscriptionServer;
beforeEach(async () => {
  server = await startTranscriptionServer();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await server[Symbol.asyncDispose]();
});

const pieceMs = 100;
const startedAt = Date.parse('2026-08-01T09:00:00.000Z');

/** A page whose clock the test moves on: each step is what is heard and seen for some seconds. */
function openPage(voices: Voices) {
  const logger = createLogger('test', 'silent');
  const settings = () => ({ token: 't', platform: 'local', meeting_id: 7, language: 'en' });
  const audio = new MeetingAudio({ voices, whisperLiveUrl: server.url, settings, logger });
  let at = startedAt;
  return {
    audio,
    skip: (seconds: number) => {
      at += seconds * 1_000;
    },
    show(seconds: number, people: Partial<PersonSeen>[], { loud = [] as number[], tracks = [1] } = {}) {
      audio.see({ at, people: people.map(somebody), tracks, signals: {} as never });
      for (const end = at + seconds * 1_000; at < end; ) {
        at += pieceMs;
        for (const track of tracks) {
          const samples = new Int16Array(1_600).fill(loud.includes(track) ? 3_000 : 1);
          audio.receive({ track, at, samples });
        }
      }
    },
  };
}

const somebody = (person: Partial<PersonSeen>): PersonSeen => ({
  ...{ id: 'p', name: '', self: false, bot: false, speaking: false, tracks: [] },
  ...person,
});

/** `+Ann 1.5`: Ann began to speak at that second of the session. */
const turnsIn = ({ controls }: HeardSession) =>
  controls.flatMap((control) => {
    if (control.type !== 'speaker_activity') return [];
    const { event_type, participant_name, relative_client_timestamp_ms: ms } = control.payload;
    return [`${event_type === 'SPEAKER_START' ? '+' : '-'}${participant_name} ${ms / 1_000}`];
  });
const sessionsInOrder = () =>
  server.sessions.toSorted((a, b) => ((a.config.start_timestamp ?? '') < (b.config.start_timestamp ?? '') ? -1 : 1));

test('a track each: under a new name a new stream begins, and two people of one name have two', async () => {
  const page = openPage('own-tracks');
  const [ann, other] = [
    { id: 'p1', name: 'Ann', tracks: [1], speaking: true },
    { id: 'p2', name: 'Ann', tracks: [2] },
  ];
  page.show(1, [ann, other], { loud: [1, 2], tracks: [1, 2] });
  page.show(1, [{ ...ann, name: 'Ann Lee' }, other], { loud: [1, 2], tracks: [1, 2] });
  page.show(1, [{ ...ann, name: 'Ann Lee' }, other], { loud: [1, 2], tracks: [1, 2] });
  await page.audio.finish(10_000);
  const told = server.sessions.map(({ config }) => [config.participant_id, config.speaker]).sort();
  expect(told).toEqual([
    ['p1', 'Ann'],
    ['p1', 'Ann Lee'],
    ['p2', 'Ann'],
  ]);
  const seconds = server.sessions.filter(({ config }) => config.participant_id === 'p1').map((s) => s.seconds());
  // Each stream begins with half a second of silence.
  expect(seconds.reduce((sum, more) => sum + more, 0)).toBe(2 * 0.5 + 3);
});

test('a voice whose name is shown very late has it from its beginning', async () => {
  const now = vi.spyOn(performance, 'now');
  const page = openPage('own-tracks');
  const nameless = { id: 'p1', tracks: [1], speaking: true };
  now.mockReturnValue(0);
  page.show(1, [nameless], { loud: [1] });
  now.mockReturnValue(16_000);
  page.show(1, [nameless], { loud: [1] });
  const [session] = await waitFor('a session', () => server.sessions.length > 0 && server.sessions);
  page.show(1, [{ ...nameless, name: 'Ann' }], { loud: [1] });
  await page.audio.finish(10_000);
  expect(session?.config.speaker).toBeNull();
  expect(turnsIn(session!)).toEqual(['+Ann 0']);
});

test('one track for all: whoever is lit speaks, with a new name from when it is shown, without one as somebody', async () => {
  const page = openPage('mixed');
  const ann = { id: 'p1', name: 'Ann', speaking: true };
  const ben = { id: 'p2', name: '', speaking: true };
  page.show(1, [ann], { loud: [1] });
  page.show(1, [{ ...ann, name: 'Ann Lee' }, ben], { loud: [1] });
  page.show(1, [{ ...ann, name: 'Ann Lee', speaking: false }, ben], { loud: [1] });
  page.show(1, [{ ...ben, name: 'Ben' }], { loud: [1] });
  page.show(1, [{ ...ben, name: 'Ben', speaking: false }], { loud: [1] });
  await page.audio.finish(10_000);
  const [session] = server.sessions;
  expect(session?.config.speaker).toBeNull();
  expect(turnsIn(session!)).toEqual([
    '+Ann 0.5',
    '-Ann 1.5',
    '+Ann Lee 1.5',
    '+ 1.5',
    '-Ann Lee 2.5',
    '- 3.5',
    '+Ben 3.5',
    '-Ben 4.5',
  ]);
});

test('a page that stood still goes on at the right time: after a short while in its stream, after a long one in a new one', async () => {
  const page = openPage('own-tracks');
  const ann = [{ id: 'p1', name: 'Ann', tracks: [1] }];
  page.show(12, ann);
  page.show(2, ann, { loud: [1] });
  page.skip(3);
  page.show(12, ann);
  page.skip(60);
  page.show(12, ann);
  page.show(2, ann, { loud: [1] });
  await page.audio.finish(10_000);
  const [first, second] = sessionsInOrder();
  expect(first?.seconds()).toBeGreaterThan(28.8);
  expect(first?.seconds()).toBeLessThan(41);
  const secondStart = Date.parse(second?.config.start_timestamp ?? '');
  const loudAt = (second?.audio().findIndex((sample) => sample > 0.01) ?? 0) / 16;
  expect(Math.abs(secondStart + loudAt - (startedAt + 101_000))).toBeLessThan(150);
  expect(page.audio.lostSeconds).toBe(0);
});
