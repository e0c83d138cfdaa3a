import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { newRoom, type User, useRetailer } from './fixture.ts';

const retailer = useRetailer(
  (config) => config,
  () => ({ PUBLIC_API_URL: 'https://api.example.com' }),
);
const { wholesaler } = retailer;

async function activeMeeting(words: string[], ...users: User[]): Promise<string> {
  const room = newRoom();
  for (const user of users) await user.start(room);
  wholesaler.setStatus(room, 'active');
  wholesaler.say(room, ...words);
  return room;
}

async function finish(room: string, user: User): Promise<void> {
  wholesaler.end(room);
  await retailer.announce(wholesaler.finishedEvent(room));
  await user.history(room);
}

async function whileAway<T>(work: () => Promise<T>): Promise<T> {
  await using _ = await wholesaler.away();
  return await work();
}

const textsOf = (body: { segments: { text: string }[] }) => body.segments.map(({ text }) => text);
const textAt = async (user: User, path: string) => {
  const response = await fetch(retailer.url + path, { headers: { 'x-api-key': user.key } });
  return [response.status, response.headers.get('content-type'), await response.text()] as const;
};

test('a cursor tells what changed since, live, through an outage and after the end', async () => {
  const user = await retailer.addUser();
  const room = await activeMeeting(['one'], user);
  const first = (await user.transcript(room)).body;
  expect([first.partial, textsOf(first)]).toEqual([undefined, ['one']]);
  wholesaler.say(room, 'two');
  const second = (await user.transcript(room, `?since=${first.cursor}`)).body;
  expect([second.partial, second.source, textsOf(second)]).toEqual([true, 'live', ['two']]);
  expect(textsOf((await user.transcript(room, `?since=${second.cursor}`)).body)).toEqual([]);
  const stale = await whileAway(async () => (await user.transcript(room, `?since=${second.cursor}`)).body);
  // The last copy holds what the changes said, too.
  expect([stale.source, stale.partial, textsOf(stale)]).toEqual(['stale', undefined, ['one', 'two']]);
  await waitFor('the wholesaler', async () => (await user.transcript(room)).body.source === 'live');
  wholesaler.say(room, 'three');
  expect(textsOf((await user.transcript(room, `?since=${stale.cursor}`)).body)).toEqual(['three']);
  await finish(room, user);
  const all = (await user.transcript(room, `?since=${stale.cursor}`)).body;
  expect([all.source, all.partial, textsOf(all)]).toEqual(['history', undefined, ['one', 'two', 'three']]);
  const nothing = (await user.transcript(room, `?since=${all.cursor}`)).body;
  expect([nothing.partial, textsOf(nothing)]).toEqual([true, []]);
  const bad = await user.transcript(room, '?since=nonsense!');
  expect([bad.status, bad.body.detail[0].loc]).toEqual([422, ['query', 'since']]);
  expect((await user.transcript(room, `?since=${all.cursor}&format=srt`)).status).toBe(422);
});

test('every format is the same live, stale and finished', async () => {
  const user = await retailer.addUser();
  const room = await activeMeeting(['good morning', 'and to you'], user);
  const formats = ['srt', 'vtt', 'txt', 'md'];
  const all = () => Promise.all(formats.map((format) => textAt(user, `/transcripts/local/${room}?format=${format}`)));
  await user.transcript(room);
  const live = await all();
  expect(live.map(([status]) => status)).toEqual([200, 200, 200, 200]);
  expect(live[0]?.[2]).toContain('00:00:02,500 --> ');
  expect(live[1]?.[2]).toMatch(/^WEBVTT/);
  expect(live[2]?.[2]).toContain('Alice: good morning');
  expect(live[3]?.[2]).toContain(`# ${room}`);
  expect(await whileAway(all)).toEqual(live);
  await waitFor('the wholesaler', async () => (await user.transcript(room)).body.source === 'live');
  await finish(room, user);
  expect(await all()).toEqual(live);
  expect((await user.transcript(room, '?format=pdf')).status).toBe(422);
});

test('a link opens what its maker may read, without a key, until it or their copy ends', async () => {
  const [ann, eve] = [await retailer.addUser(), await retailer.addUser()];
  const sender = await retailer.addUser({ scopes: ['bot'] });
  const room = await activeMeeting(['for all with the link'], ann, sender);
  const path = `/transcripts/local/${room}/share`;
  expect((await fetch(retailer.url + path, { method: 'POST' })).status).toBe(401);
  expect((await sender.call('POST', path)).status).toBe(403);
  expect((await eve.call('POST', path)).status).toBe(404);
  const bad = await ann.call('POST', path, { ttl_seconds: 5 });
  expect([bad.status, bad.body.detail[0].loc]).toEqual([422, ['body', 'ttl_seconds']]);

  const key = { 'idempotency-key': 'the-one-link' };
  const shared = await ann.call('POST', path, { ttl_seconds: 600 }, key);
  expect(shared.status).toBe(201);
  expect(shared.body).toMatchObject({
    expires_in_seconds: 600,
    url: expect.stringContaining('https://api.example.com/'),
  });
  expect((await ann.call('POST', path, { ttl_seconds: 600 }, key)).body).toEqual(shared.body);
  const id = shared.body.share_id;
  const open = () => fetch(`${retailer.url}/public/transcripts/${id}.txt`);
  const opened = await open();
  expect([opened.status, await opened.text()]).toEqual([200, expect.stringContaining('for all with the link')]);
  expect(Object.fromEntries(opened.headers)).toMatchObject({ 'cache-control': 'no-store', 'x-robots-tag': 'noindex' });
  const { sql } = retailer.connection;
  const stored = JSON.stringify([
    await sql`select * from transcript_shares`,
    await sql`select * from idempotency_keys`,
  ]);
  expect(stored).not.toContain(id);
  expect((await fetch(`${retailer.url}/public/transcripts/${'x'.repeat(32)}.txt`)).status).toBe(404);

  await finish(room, ann);
  expect((await open()).status).toBe(200);
  await sql`update transcript_shares set expires_at = now() - interval '1 second'`;
  expect((await open()).status).toBe(404);
  await sql`update transcript_shares set expires_at = now() + interval '1 hour'`;
  expect((await open()).status).toBe(200);
  await ann.call('DELETE', `/meetings/local/${room}`);
  expect((await open()).status).toBe(404);
});

test('a search finds words in the own finished meetings only, page by page', async () => {
  const [ann, bob, eve] = [await retailer.addUser(), await retailer.addUser(), await retailer.addUser()];
  const room = await activeMeeting(['the quarterly budget', 'no money at all', 'a budget for Bob'], ann, bob);
  const find = async (user: User, q: string, more = '') =>
    (await user.call('GET', `/search?q=${encodeURIComponent(q)}${more}`)).body;
  expect((await find(ann, 'budget')).hits).toEqual([]);
  await finish(room, ann);
  const { id } = (await ann.meeting(room)).body;
  const { hits, next_cursor } = await find(ann, 'budget', '&limit=1');
  expect(hits).toMatchObject([
    { meeting_id: id, native_meeting_id: room, start: 5, speaker: 'Alice', snippet: 'a **budget** for Bob' },
  ]);
  const [, , last] = (await ann.transcript(room)).body.segments;
  expect(hits[0].absolute_start_time).toBe(last.absolute_start_time);
  const rest = await find(ann, 'budget', `&limit=1&cursor=${next_cursor}`);
  expect([rest.hits[0].snippet, rest.next_cursor]).toEqual(['the quarterly **budget**', null]);
  expect((await find(bob, '"quarterly budget"')).hits).toHaveLength(1);
  expect((await find(bob, 'budget -quarterly')).hits).toHaveLength(1);
  expect((await find(eve, 'budget')).hits).toEqual([]);
  await bob.call('DELETE', `/meetings/local/${room}`);
  expect((await find(bob, 'budget')).hits).toEqual([]);
  expect((await find(ann, 'budget')).hits).toHaveLength(2);
  expect((await find(ann, '!!! ???')).hits).toEqual([]);

  expect((await fetch(`${retailer.url}/search?q=budget`)).status).toBe(401);
  const sender = await retailer.addUser({ scopes: ['bot'] });
  expect((await sender.call('GET', '/search?q=budget')).status).toBe(403);
  for (const query of ['', 'q=', 'q=a&limit=0', 'q=a&cursor=nonsense', 'q=a%00b']) {
    expect([query, (await ann.call('GET', `/search?${query}`)).status]).toEqual([query, 422]);
  }
});
