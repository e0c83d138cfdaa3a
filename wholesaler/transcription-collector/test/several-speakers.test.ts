import { SearchResults, Transcript, transcriptChecksum } from '@vexa/shared/contracts/transcript';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { transcriptions } from '@vexa/wholesaler-database/schema';
import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { keepSegments, readMutableSegments } from '../src/segments/mutable-store.ts';
import { revisionOf } from '../src/segments/revision.ts';
import { ask } from './client.ts';
import {
  consumed,
  drained,
  newMeeting,
  said,
  send,
  sendSpeakerEvents,
  sessionEnd,
  sessionStart,
  spoke,
  type TestMeeting,
  useCollector,
} from './harness.ts';

const { harness, collector } = useCollector();

async function read(m: TestMeeting, since?: string | null): Promise<Transcript> {
  const query = since ? `?since=${encodeURIComponent(since)}` : '';
  const url = `${collector.url}/transcripts/local/${m.nativeId}${query}`;
  return Transcript.parse(await (await ask(url, { userId: m.userId })).json());
}
const lines = ({ segments }: Pick<Transcript, 'segments'>) =>
  segments.map(({ segment_id, speaker, text }) => `${segment_id} ${speaker}: ${text}`);

async function heard(...messages: unknown[]): Promise<void> {
  await send(harness.redis, ...messages);
  await consumed(harness.redis);
}
async function seen(...events: unknown[]): Promise<void> {
  await sendSpeakerEvents(harness.redis, ...events);
  await consumed(harness.redis);
}

const text = 'Is the penguin here? Yes, it came.';
const words = text.split(' ').map((word, at) => ({
  text: at === 0 ? word : ` ${word}`,
  start: 1 + at * 0.4 + (at > 3 ? 0.2 : 0),
  end: 1.4 + at * 0.4 + (at > 3 ? 0.2 : 0),
}));
const handover = { n: 1, start: 1, end: 4, text, words };

test('a segment that two people spoke becomes two, with ids, names, times and words that stay', async () => {
  const m = await newMeeting(harness);
  const frames: string[][] = [];
  const subscriber = harness.redis.duplicate();
  subscriber.on('pmessage', (_pattern: string, _channel: string, body: string) => {
    frames.push(lines(JSON.parse(body) as Transcript));
  });
  await subscriber.psubscribe(`tc:meeting:${m.id}:*`);
  await heard(sessionStart(m, 'mix'));
  await seen(
    spoke(m, 'mix', 'Ann', 'START', 0.9),
    spoke(m, 'mix', 'Ann', 'END', 2.7),
    spoke(m, 'mix', 'Ben', 'START', 2.8),
  );
  await heard(said(m, 'mix', { n: 1, start: 1, end: 2, text: 'Is the', completed: false }));
  const draft = await read(m);
  expect(lines(draft)).toEqual(['mix:1 Ann: Is the']);
  await heard(said(m, 'mix', handover));
  const split = ['mix:1 Ann: Is the penguin here?', 'mix:1.4 Ben: Yes, it came.'];
  expect(lines(await read(m, draft.cursor))).toEqual(split);
  const live = await read(m);
  expect(live.segments).toMatchObject([
    { start: 1, end: 2.6, session_uid: 'mix', completed: true },
    { start: 2.8, end: 4, session_uid: 'mix', completed: true },
  ]);
  await heard(sessionEnd(m, 'mix'));
  const reply = await drained(collector.url, m);
  const { segments } = await read(m);
  expect(segments).toEqual(live.segments);
  expect(reply).toMatchObject({ segment_count: 2, checksum: transcriptChecksum(segments) });
  await waitFor('all frames', () => frames.length >= 3);
  expect(frames).toEqual([['mix:1 Ann: Is the'], split, split]);
  subscriber.disconnect();

  const stored = { meeting: eq(transcriptions.meeting_id, m.id) };
  expect(await harness.connection.db.select().from(transcriptions).where(stored.meeting)).toMatchObject([
    { words: null },
  ]);
  const found = async (q: string) => {
    const answer = await ask(`${collector.url}/search?q=${encodeURIComponent(q)}`, { userId: m.userId });
    return SearchResults.parse(await answer.json()).hits.map(({ segment_id, speaker }) => [segment_id, speaker]);
  };
  expect(await found('penguin')).toEqual([['mix:1', 'Ann']]);
  expect(await found('came')).toEqual([['mix:1.4', 'Ben']]);
});

test('who reads along ends with the same parts, however late it is learnt who spoke', async () => {
  const m = await newMeeting(harness);
  const held = new Map<string, string>();
  const shown = new Map<string, string>();
  const keep = (to: Map<string, string>, { segments }: Pick<Transcript, 'segments'>) => {
    for (const segment of segments) {
      if (segment.text === '') to.delete(segment.segment_id);
      else to.set(segment.segment_id, `${segment.speaker}: ${segment.text}`);
    }
  };
  const subscriber = harness.redis.duplicate();
  subscriber.on('pmessage', (_pattern: string, _channel: string, body: string) => keep(shown, JSON.parse(body)));
  await subscriber.psubscribe(`tc:meeting:${m.id}:*`);
  let cursor: string | null = null;
  const polled = async () => {
    const answer = await read(m, cursor);
    if (!answer.partial) held.clear();
    keep(held, answer);
    cursor = answer.cursor;
    return [...held.values()];
  };
  await heard(sessionStart(m, 'late'), said(m, 'late', { ...handover }));
  expect(await polled()).toEqual([`null: ${text}`]);
  const named = (type: 'START' | 'END', id: string, name: string, seconds: number) => ({
    ...spoke(m, 'late', name, type, seconds),
    participant_id: id,
  });
  await seen(named('START', 'p1', '', 0.9));
  await seen(named('START', 'p2', 'Ben', 2.8));
  // As far as is known, the first one goes on speaking.
  expect(await polled()).toEqual([`null: ${text}`]);
  await seen(named('END', 'p1', '', 2.7));
  expect(await polled()).toEqual(['null: Is the penguin here?', 'Ben: Yes, it came.']);
  await seen(named('START', 'p1', 'Ann', 5));
  expect(await polled()).toEqual(['Ann: Is the penguin here?', 'Ben: Yes, it came.']);
  // Ben turns out to have stopped before he could say that: the second part is gone again.
  await seen(named('END', 'p2', 'Ben', 2.81), named('START', 'p3', 'Cleo', 0), named('END', 'p3', 'Cleo', 4.5));
  const whole = await polled();
  expect(whole.join(' ')).not.toContain('Ben');
  await waitFor('the same on the live channel', () => [...shown.values()].join() === whole.join());
  await heard(sessionEnd(m, 'late'));
  await drained(collector.url, m);
  expect(await polled()).toEqual(whole);
  expect((await read(m)).segments.map((segment) => `${segment.speaker}: ${segment.text}`)).toEqual(whole);
  subscriber.disconnect();
});

test('words are not shown by turns that are meanwhile not all of the turns', async () => {
  const m = await newMeeting(harness);
  await heard(sessionStart(m, 'race'), said(m, 'race', { n: 1, start: 1, end: 2, text: 'Is the', completed: false }));
  const [segment] = await readMutableSegments(harness.redis, m.id);
  if (!segment) throw new Error('The draft is held.');
  const final = { ...segment, text, revision: revisionOf('9999999999999-0', true) };
  const arrivals = [{ segment: final, publications: [] }];
  await seen(spoke(m, 'race', 'Ann', 'START', 0.9));
  expect(await keepSegments(harness.redis, m.id, { arrivals, versions: new Map([['race', 0]]) })).toBe(true);
  expect(lines(await read(m))).toEqual(['race:1 Ann: Is the']);
  expect(await keepSegments(harness.redis, m.id, { arrivals, versions: new Map([['race', 1]]) })).toBe(false);
  expect(lines(await read(m))).toEqual([`race:1 Ann: ${text}`]);
});
