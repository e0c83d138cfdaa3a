import { SearchResults, Share, Transcript } from '@vexa/shared/contracts/transcript';
import { meetings, transcriptions, transcriptShares } from '@vexa/wholesaler-database/schema';
import { eq, sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { ask, expectGuarded, refusal } from './client.ts';
import {
  consumed,
  drained,
  newMeeting,
  purge,
  said,
  send,
  sendSpeakerEvents,
  sessionEnd,
  sessionStart,
  spoke,
  startCollector,
  type TestMeeting,
  useCollector,
} from './harness.ts';

const { harness, collector } = useCollector({ PUBLIC_API_URL: 'https://api.example.com/' });

const urlOf = (m: TestMeeting, rest = '') => `${collector.url}/transcripts/local/${m.nativeId}${rest}`;
const read = async (m: TestMeeting, since?: string): Promise<Transcript> => {
  const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
  return Transcript.parse(await (await ask(urlOf(m, query), { userId: m.userId })).json());
};
const textsOf = ({ segments }: Transcript) => segments.map(({ text }) => text);

async function heard(...messages: unknown[]): Promise<void> {
  await send(harness.redis, ...messages);
  await consumed(harness.redis);
}

/** A finished meeting with two speakers. */
async function finishedMeeting(userId = 1, words = ['Good morning everybody.', 'The budget is spent.']) {
  const m = await newMeeting(harness, userId);
  const segments = words.map((text, n) => ({ n, start: n * 2, end: n * 2 + 1, text }));
  await heard(
    sessionStart(m, `f${m.id}`, { speaker: 'Ann' }),
    said(m, `f${m.id}`, ...segments),
    sessionEnd(m, `f${m.id}`),
  );
  await drained(collector.url, m);
  return m;
}

describe('since', () => {
  test('only what changed after the cursor is told: new words, revisions, and what is gone', async () => {
    const m = await newMeeting(harness);
    await heard(
      sessionStart(m, 'since', { speaker: 'Ann' }),
      said(
        m,
        'since',
        { n: 1, start: 0, end: 1, text: 'one' },
        { n: 2, start: 1, end: 2, text: 'tw', completed: false },
      ),
    );
    const all = await read(m);
    expect([all.partial, textsOf(all)]).toEqual([undefined, ['one', 'tw']]);
    const nothing = await read(m, all.cursor!);
    expect(nothing).toMatchObject({ partial: true, segments: [], status: 'active' });
    await heard(
      said(m, 'since', { n: 2, start: 1, end: 2, text: 'two' }),
      said(m, 'since', { n: 3, start: 2, end: 3, text: 'Thanks for', completed: false }),
    );
    const news = await read(m, nothing.cursor!);
    expect([news.partial, textsOf(news)]).toEqual([true, ['two', 'Thanks for']]);
    await heard(said(m, 'since', { n: 3, start: 2, end: 3, text: 'Thanks for watching!' }));
    const gone = await read(m, news.cursor!);
    expect(gone.segments).toMatchObject([{ segment_id: 'since:3', text: '', session_uid: 'since' }]);
    expect(textsOf(await read(m, gone.cursor!))).toEqual([]);
  });

  test('a poller that adds up what it is told always ends with the whole transcript', async () => {
    const m = await newMeeting(harness);
    const held = new Map<string, string>();
    let cursor: string | undefined;
    const poll = async () => {
      const answer = await read(m, cursor);
      if (!answer.partial) held.clear();
      for (const { segment_id, text } of answer.segments) {
        if (text === '') held.delete(segment_id);
        else held.set(segment_id, text);
      }
      cursor = answer.cursor!;
    };
    await heard(sessionStart(m, 'p1', { atSeconds: 5 }));
    for (let n = 0; n < 12; n++) {
      await heard(said(m, 'p1', { n, start: n, end: n + 1, text: `draft ${n}`, completed: false }));
      await poll();
      if (n % 2 === 0) await heard(said(m, 'p1', { n, start: n, end: n + 1, text: n === 4 ? '[NOISE]' : `word ${n}` }));
      if (n === 6) await heard(sessionStart(m, 'p2', { atSeconds: 10, resumes: { uid: 'p1', from_seconds: 5 } }));
      if (n === 8)
        await heard(sessionStart(m, 'p0', { atSeconds: 1 }), said(m, 'p0', { n: 1, start: 0, end: 1, text: 'before' }));
    }
    await heard(sessionEnd(m, 'p0'), sessionEnd(m, 'p1'), sessionEnd(m, 'p2'));
    await drained(collector.url, m);
    await poll();
    const whole = await read(m);
    expect(Object.fromEntries(held)).toEqual(Object.fromEntries(whole.segments.map((s) => [s.segment_id, s.text])));
    expect(held.size).toBe(3);
    expect(textsOf(await read(m, cursor))).toEqual([]);
  });

  test('a name that is learnt later comes as a change, also of what is stored', async () => {
    const m = await newMeeting(harness);
    await heard(sessionStart(m, 'mixed'), said(m, 'mixed', { n: 1, start: 3, end: 4, text: 'who is this' }));
    const first = await read(m);
    await sendSpeakerEvents(harness.redis, spoke(m, 'mixed', 'Bob', 'START', 2));
    await consumed(harness.redis);
    const named = await read(m, first.cursor!);
    expect(named.segments.map(({ speaker }) => speaker)).toEqual(['Bob']);
    await heard(sessionEnd(m, 'mixed'));
    await drained(collector.url, m);
    const stored = await read(m);
    await sendSpeakerEvents(harness.redis, spoke(m, 'mixed', 'Cleo', 'START', 3.1));
    await consumed(harness.redis);
    expect((await read(m, stored.cursor!)).partial).toBeUndefined();
  });

  test('a cursor from before Redis was emptied brings everything again', async () => {
    const m = await finishedMeeting();
    const { cursor } = await read(m);
    await harness.redis.del(`meeting:${m.id}:log`);
    const answer = await read(m, cursor!);
    expect([answer.partial, answer.segments.length]).toEqual([undefined, 2]);
    expect((await read(m, answer.cursor!)).segments).toEqual([]);
  });

  test('a purge is told as an empty whole', async () => {
    const m = await finishedMeeting();
    const { cursor } = await read(m);
    await purge(collector.url, m);
    expect(await read(m, cursor!)).toMatchObject({ segments: [] });
    expect((await read(m, cursor!)).partial).toBeUndefined();
  });

  test('what is no cursor is refused, naming since', async () => {
    const m = await newMeeting(harness);
    for (const query of ['?since=yesterday', '?since=', '?format=srt&since=a.1']) {
      const problem = await refusal(await ask(urlOf(m, query)), 422);
      expect(problem.detail).toMatchObject([{ loc: ['query', 'since'] }]);
    }
  });
});

describe('formats', () => {
  test.each([
    ['srt', 'application/x-subrip', '1\n00:00:00,000 --> 00:00:01,000\nAnn: Good morning everybody.\n'],
    ['vtt', 'text/vtt', 'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n<v Ann>Good morning everybody.</v>\n'],
    ['txt', 'text/plain', '[00:00:00] Ann: Good morning everybody. The budget is spent.\n'],
    ['md', 'text/markdown', '**Ann** _00:00:00_\n\nGood morning everybody.'],
  ])('%s', async (format, type, part) => {
    const m = await finishedMeeting();
    const response = await ask(urlOf(m, `?format=${format}`));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining(type)]);
    expect(await response.text()).toContain(part);
    await expectGuarded(urlOf(m, `?format=${format}`));
    await refusal(await ask(urlOf(m, `?format=${format}`), { userId: 2 }), 404);
  });
});

describe('share links', () => {
  const share = async (m: TestMeeting, body?: unknown) =>
    Share.parse(await (await ask(urlOf(m, '/share'), { method: 'POST', body, userId: m.userId })).json());
  const publicly = (id: string) => fetch(`${collector.url}/public/transcripts/${id}.txt`);

  test('a link shows the transcript to whoever has it, is not kept itself, and tells nobody to keep the text', async () => {
    const m = await finishedMeeting();
    const made = await share(m, { ttl_seconds: 60 });
    expect(made.url).toBe(`https://api.example.com/public/transcripts/${made.share_id}.txt`);
    expect(made.expires_in_seconds).toBe(60);
    const response = await publicly(made.share_id);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
    });
    expect(await response.text()).toContain('Ann: Good morning everybody.');
    const rows = await harness.connection.db
      .select()
      .from(transcriptShares)
      .where(eq(transcriptShares.meeting_id, m.id));
    expect(JSON.stringify(rows)).not.toContain(made.share_id);
    expect((await share(m)).expires_in_seconds).toBe(900);
  });

  test('a link that expired, was guessed, or whose transcript is purged opens nothing', async () => {
    const m = await finishedMeeting();
    const [expired, purged] = [await share(m), await share(m)];
    const { db } = harness.connection;
    await db
      .update(transcriptShares)
      .set({ expires_at: new Date(Date.now() - 1) })
      .where(eq(transcriptShares.meeting_id, m.id));
    await refusal(await publicly(expired.share_id), 404);
    await refusal(await publicly('x'.repeat(32)), 404);
    await refusal(await publicly('short'), 404);
    await db.update(transcriptShares).set({ expires_at: sql`now() + interval '1 hour'` });
    expect((await publicly(purged.share_id)).status).toBe(200);
    await purge(collector.url, m);
    await refusal(await publicly(purged.share_id), 404);
    expect(await db.select().from(transcriptShares).where(eq(transcriptShares.meeting_id, m.id))).toEqual([]);
  });

  test('a link asked for again with its idempotency key is the same one', async () => {
    const m = await finishedMeeting();
    const asked = { method: 'POST', body: {}, userId: m.userId, headers: { 'idempotency-key': `share-${m.id}` } };
    const [first, again] = [await ask(urlOf(m, '/share'), asked), await ask(urlOf(m, '/share'), asked)];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.json()).toEqual(await first.json());
    const other = await ask(urlOf(m, '/share'), { ...asked, body: { ttl_seconds: 60 } });
    await refusal(other, 422);
  });

  test('links are for the owner to make, within bounds', async () => {
    const m = await finishedMeeting();
    const path = urlOf(m, '/share');
    await expectGuarded(path, { method: 'POST' });
    await refusal(await ask(path, { method: 'POST', userId: 2 }), 404);
    for (const ttl_seconds of [59, 86_401, 'soon', 60.5]) {
      const problem = await refusal(await ask(path, { method: 'POST', body: { ttl_seconds } }), 422);
      expect(problem.detail).toMatchObject([{ loc: ['body', 'ttl_seconds'] }]);
    }
    await refusal(await ask(path, { method: 'POST', body: '{nonsense' }), 400);
    await harness.connection.db.update(meetings).set({ redacted_at: new Date() }).where(eq(meetings.id, m.id));
    await refusal(await ask(path, { method: 'POST' }), 404);
  });
});

describe('search', () => {
  const search = async (query: string, userId: number) =>
    SearchResults.parse(await (await ask(`${collector.url}/search?${query}`, { userId })).json());

  test('words are found with their place, time and surroundings, and only in what the user owns', async () => {
    const m = await finishedMeeting(71, ['The penguin, of course, is a bird.', 'So is the ostrich.']);
    await finishedMeeting(72, ['Nobody else has a penguin.']);
    const { hits } = await search('q=PENGUIN', 71);
    expect(hits).toMatchObject([
      {
        meeting_id: m.id,
        platform: 'local',
        native_meeting_id: m.nativeId,
        segment_id: `f${m.id}:0`,
        start: 0,
        end: 1,
        speaker: 'Ann',
        snippet: 'The **penguin**, of course, is a bird.',
        absolute_start_time: '2026-08-01T09:00:00.000Z',
      },
    ]);
    expect((await search('q=penguin', 73)).hits).toEqual([]);
    await purge(collector.url, m);
    expect((await search('q=penguin', 71)).hits).toEqual([]);
  });

  test('phrases, alternatives and exclusions are understood, and any text is a query', async () => {
    await finishedMeeting(74, ['red apples and green pears', 'green apples', 'nothing of the kind']);
    const found = async (q: string) =>
      (await search(`q=${encodeURIComponent(q)}`, 74)).hits.map(({ start }) => start).sort();
    expect(await found('green apples')).toEqual([0, 2]);
    expect(await found('"green apples"')).toEqual([2]);
    expect(await found('pears or kind')).toEqual([0, 4]);
    expect(await found('apples -red')).toEqual([2]);
    for (const odd of ['...', '" & | ! :*', "'; drop table", '(', '\\', '*', '🦜']) await found(odd);
    expect(await found('...')).toEqual([]);
  });

  test('pages follow each other without gap or repetition', async () => {
    await finishedMeeting(
      75,
      Array.from({ length: 7 }, (_, n) => `walrus number ${n}`),
    );
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: SearchResults = await search(`q=walrus&limit=3${cursor ? `&cursor=${cursor}` : ''}`, 75);
      seen.push(...page.hits.map(({ start }) => start));
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen.sort((a, b) => a - b)).toEqual([0, 2, 4, 6, 8, 10, 12]);
  });

  test.each([
    ['', 'q'],
    ['q=', 'q'],
    ['q=a%00b', 'q'],
    [`q=${'x'.repeat(257)}`, 'q'],
    ['q=a&limit=0', 'limit'],
    ['q=a&limit=201', 'limit'],
    ['q=a&cursor=nonsense', 'cursor'],
  ])('%j is refused, naming %s', async (query, field) => {
    const problem = await refusal(await ask(`${collector.url}/search?${query}`), 422);
    expect(problem.detail).toMatchObject([{ loc: ['query', field] }]);
  });

  test('an identity with the scope is needed', () => expectGuarded(`${collector.url}/search?q=a`));
});

test('usage of a running session is counted as its words are stored, corrections and replays included', async () => {
  const m = await newMeeting(harness);
  const eager = await startCollector(harness, { IMMUTABILITY_THRESHOLD_SECONDS: '0' });
  const words = said(m, 'run', { n: 1, start: 0, end: 4, text: 'one' }, { n: 2, start: 5, end: 7, text: 'two' });
  const stored = async (count: number) => {
    const rows = await harness.connection.db.select().from(transcriptions).where(eq(transcriptions.meeting_id, m.id));
    return rows.length === count && (await harness.redis.hlen(`meeting:${m.id}:segments`)) === 0;
  };
  const usage = async () => {
    const [row] = await harness.connection.sql`
      select max_end_time as last, total_segment_duration_seconds as seconds, ended_at from meeting_sessions
      where meeting_id = ${m.id}`;
    return row;
  };
  const { waitFor } = await import('@vexa/shared/testing/wait-for');
  await send(harness.redis, sessionStart(m, 'run'), words);
  await waitFor('both stored', () => stored(2));
  expect(await usage()).toMatchObject({ last: 7, seconds: 6, ended_at: null });
  await send(
    harness.redis,
    words,
    said(m, 'run', { n: 2, start: 5, end: 6.5, text: 'two!' }, { n: 3, start: 8, end: 9, text: 'three' }),
  );
  await waitFor('three stored', () => stored(3));
  expect(await usage()).toMatchObject({ last: 9, seconds: 6.5 });
  await eager.service[Symbol.asyncDispose]();
});
