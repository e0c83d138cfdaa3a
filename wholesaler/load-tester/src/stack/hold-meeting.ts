import { joinAsParticipant, type ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import type { Segment, Transcript } from '@vexa/shared/contracts/transcript';
import { type Answer, ApiClient } from '@vexa/shared/testing/api-client';
import { followLive } from '@vexa/shared/testing/follow-live';
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Shown, ShownSegment } from '../heard.ts';
import { RefusedError } from '../speaker.ts';
import type { Speech } from '../speech-plan.ts';

/** A running wholesaler or retailer, as a customer with one key sees it. */
export interface StackTarget {
  /** Of the public API. */
  url: string;
  /** Of the meeting room that its bots join. */
  roomUrl: string;
  key: string;
}

export interface HeldMeeting {
  /** From the request to the moment when the bot was told to be in the meeting. */
  joinSeconds: number;
  /** For each person, by the clock of their speech: what was shown live, and what was stored in the end. */
  people: { timeline: Shown[]; finals: ShownSegment[] }[];
}

const joinDeadlineMs = 120_000;
const finishDeadlineMs = 180_000;
const everyMs = 250;

/**
 * Holds one meeting from the first person in the room to the finished transcript, which it deletes then: a bot is asked
 * for, and everybody says their speech. Rejects with `RefusedError` when no bot may come.
 */
export async function holdMeeting(
  target: StackTarget,
  room: string,
  speeches: readonly Speech[],
): Promise<HeldMeeting> {
  const client = new ApiClient(target.url, target.key);
  await using people = new AsyncDisposableStack();
  const present: ScriptedParticipant[] = [];
  for (const person of speeches.keys()) {
    present.push(people.use(joinAsParticipant({ server: target.roomUrl, room, name: nameOf(person) })));
  }
  await Promise.all(present.map((person) => person.waitUntilAdmitted()));

  const askedAt = Date.now();
  await using bot = new AsyncDisposableStack();
  take(await client.startBot(room), 201);
  bot.defer(async () => void (await client.stopBot(room)));
  await waitFor(`a bot in ${room}`, () => isActive(client, room), { deadlineMs: joinDeadlineMs, everyMs });
  const joinSeconds = (Date.now() - askedAt) / 1000;

  const seen: { at: number; segment: Segment }[] = [];
  const onSegment = (segment: Segment) => void seen.push({ at: Date.now(), segment });
  await using live = await followLive({ ...target, nativeId: room, onSegment });
  const spoken = await Promise.all(speeches.map(({ audio }, i) => present[i]?.speak(asPcm(audio))));
  await bot.disposeAsync();
  const finished = await waitFor(`the transcript of ${room}`, () => finishedTranscript(client, room), {
    ...{ deadlineMs: finishDeadlineMs, everyMs },
  });
  await live[Symbol.asyncDispose]();
  await client.call('DELETE', `/meetings/local/${room}`);
  return {
    joinSeconds,
    people: spoken.map((at, person) => {
      const startedAt = at?.startedAt ?? askedAt;
      const own = ({ speaker }: Segment) => speaker === nameOf(person);
      const byClock = (segment: Segment) => shownFrom(segment, startedAt);
      return {
        timeline: seen
          .filter(({ segment }) => own(segment))
          .map(({ at, segment }) => ({ at: (at - startedAt) / 1000, segments: [byClock(segment)] })),
        finals: finished.segments.filter(own).map(byClock),
      };
    }),
  };
}

const nameOf = (person: number): string => `Person ${person + 1}`;

function take<T>({ status, body }: Answer<T>, wanted: number): T {
  if (status === wanted) return body;
  const told = `${status} ${JSON.stringify(body)}`;
  throw [403, 429, 503].includes(status) ? new RefusedError(told) : new Error(told);
}

async function isActive(client: ApiClient, room: string): Promise<boolean> {
  const { status, data } = take(await client.meeting(room), 200);
  if (status === 'failed') throw new Error(`The bot failed: ${JSON.stringify(data)}`);
  return status === 'active';
}

async function finishedTranscript(client: ApiClient, room: string): Promise<Transcript | undefined> {
  const transcript = take(await client.transcript(room), 200);
  return transcript.status === 'completed' || transcript.status === 'failed' ? transcript : undefined;
}

function shownFrom(segment: Segment, startedAt: number): ShownSegment {
  const since = (time: string | null, otherwise: number) =>
    time === null ? otherwise : (Date.parse(time) - startedAt) / 1000;
  const { segment_id, text, completed, start, end } = segment;
  return {
    ...{ segment_id, text, completed },
    start: since(segment.absolute_start_time, start),
    end: since(segment.absolute_end_time, end),
  };
}

const asPcm = (samples: Float32Array): Int16Array => Int16Array.from(samples, (sample) => Math.round(sample * 32_767));
