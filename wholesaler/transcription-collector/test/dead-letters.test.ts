import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { streams } from '@vexa/shared/contracts/redis-names';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { buryEntry, deadLetters } from '../src/stream/dead-letters.ts';
import { newMeeting, said, secrets, send, sessionStart, textsOf, useCollector } from './harness.ts';

const { harness, collector } = useCollector();

const entry = fileURLToPath(new URL('../src/dead-letters-cli.ts', import.meta.url));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, REDIS_URL: harness.server.url, SESSION_TOKEN_SECRET: secrets.session };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [entry, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const failed = error as { code: number; stdout: string; stderr: string };
    return { code: failed.code, out: failed.stdout, err: failed.stderr };
  }
}

async function bury(message: object | undefined, meetingId: number | undefined): Promise<string> {
  const payload = message && JSON.stringify(message);
  await buryEntry(harness.redis, {
    stream: streams.segments,
    entryId: '1-1',
    reason: 'refused by storage (22001)',
    deliveries: 5,
    meetingId,
    payload,
  });
  const letters = await Array.fromAsync(deadLetters(harness.redis));
  return letters.at(-1)!.id;
}

test('letters are listed and shown without what was said, unless that is asked for; tokens never', async () => {
  const m = await newMeeting(harness);
  const id = await bury(said(m, 'u', { n: 1, start: 0, end: 1, text: 'buried words' }), m.id);
  const listed = await run('list', '--meeting', String(m.id));
  expect(listed.out).toContain(id);
  expect(listed.out).toContain('refused by storage (22001)');
  const shown = await run('show', id);
  expect(listed.out + shown.out).not.toContain('buried');
  const text = (await run('show', id, '--text')).out;
  expect(text).toContain('buried words');
  expect(text).not.toContain(m.token);
  expect(await run('show', '1-0')).toMatchObject({ code: 1, err: expect.stringContaining('not found') });
  expect(await run('show', 'one')).toMatchObject({ code: 1, err: expect.stringContaining('must be an id') });
});

test('what is replayed is handled as if it came now, also when its token has expired, and is buried no more', async () => {
  const m = await newMeeting(harness);
  await send(harness.redis, sessionStart(m, 're'));
  const claims = { meeting_id: m.id, user_id: 1, connection_id: 'bot-1', scope: 'transcribe:write' };
  const old = Math.floor(Date.now() / 1000) - 400_000;
  const expired = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('vexa:bot-manager')
    .setIssuedAt(old)
    .setExpirationTime(old + 3_600)
    .sign(new TextEncoder().encode(secrets.session));
  const id = await bury({ ...said(m, 're', { n: 1, start: 0, end: 1, text: 'risen' }), token: expired }, m.id);
  expect(await run('replay', id)).toMatchObject({ code: 0, out: `${id}: replayed\n` });
  await waitFor('the words', async () => (await textsOf(collector.url, m)).includes('risen'));
  expect(await run('replay', id)).toMatchObject({ code: 1, err: `${id}: not found\n` });
});

test('what cannot be replayed stays, with the reason', async () => {
  const m = await newMeeting(harness);
  const unknown = await bury(undefined, undefined);
  const token = await signSessionToken('another-secret-of-16', { meeting_id: m.id, user_id: 1, connection_id: 'b' });
  const forged = await bury({ ...sessionStart(m, 'x'), token }, m.id);
  const { code, err } = await run('replay', unknown, forged);
  expect([code, err]).toEqual([1, `${unknown}: no message was kept\n${forged}: its token cannot be trusted\n`]);
  const ids = (await Array.fromAsync(deadLetters(harness.redis))).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([unknown, forged]));
  expect(await run('drop', unknown, forged)).toMatchObject({ code: 0, out: '2 dropped\n' });
  expect(await run('drop', unknown)).toMatchObject({ code: 1 });
});
