import { readFile } from 'node:fs/promises';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { beforeAll, describe, expect, test } from 'vitest';
import { configFromEnv } from '../src/config.ts';
import { adminToken, newRoom, type User } from './fixture.ts';
import { findMappingFaults } from './support/mapping-faults.ts';
import { useRetailerOf, useWholesaler } from './support/wholesaler.ts';

// The smoke tests of the retailer's plan (document 002), phase by phase and under its own names. The wholesaler is the
// real one; only its bots are scripted. What the plan asks of `docker ps` is asked of what Docker would be told to run.
const wholesaler = useWholesaler(createLogger('test', 'silent'));
const { retailer } = useRetailerOf(wholesaler);

const repository = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const rowOf = async (id: number) => (await retailer.connection.sql`select * from meetings where id = ${id}`)[0];

let user: User;
beforeAll(async () => {
  user = await retailer.addUser();
});

const composed = async (): Promise<string[]> => {
  const services = (await repository('docker-compose.retailer.yml')).split(/^services:$/m)[1]?.split(/^\S/m)[0] ?? '';
  return [...services.matchAll(/^ {2}(\S+):$/gm)].map(([, name]) => name ?? '');
};

describe('phase 1: infrastructure', () => {
  test('1.1 services start, and the gateway greets', async () => {
    const answer = await fetch(`${retailer.url}/`);
    expect([answer.status, await answer.json()]).toEqual([200, { message: 'Welcome to the Vexa API Gateway' }]);
  });

  test('1.2 the admin API reaches its database', async () => {
    const answer = await retailer.admin('GET', '/admin/users');
    expect(answer.status).toBe(200);
    expect((await fetch(`${retailer.adminUrl}/admin/users`)).status).toBe(401);
  });

  test('1.3 the live wholesaler is reached', async () => {
    const answer = await fetch(`${wholesaler.gatewayUrl}/`);
    expect(await answer.json()).toEqual({ message: 'Welcome to the Vexa API Gateway' });
    await retailer.admin('POST', '/admin/wholesaler/sync');
    const { body } = await retailer.admin('GET', '/admin/wholesaler');
    expect(Object.values<{ state: string }>(body.breakers).map(({ state }) => state)).toEqual([
      'closed',
      'closed',
      'closed',
      'closed',
    ]);
  });

  test('1.4 no infrastructure service runs beside it: no Docker, no streams, no Whisper', async () => {
    expect(await composed()).toEqual(['postgres', 'retailer']);
    expect(await repository('docker-compose.retailer.yml')).not.toContain('docker.sock');
    const { dependencies } = JSON.parse(await repository('retailer/package.json'));
    expect(Object.keys(dependencies).filter((name) => /redis|docker|onnx|playwright|wholesaler/.test(name))).toEqual(
      [],
    );
  });
});

describe('phases 2 and 3: one meeting, from the bot to the stored transcript', () => {
  const room = newRoom();
  let id: number;

  test('2.1 a bot is started through the wholesaler', async () => {
    const answer = await user.start(room);
    expect(answer.status).toBe(201);
    id = answer.body.id;
    const bot = await wholesaler.bots.active(room);
    expect(answer.body.data.wholesaler_meeting_id).toBe(bot.config.meeting_id);
  });

  test('2.2 bot status is retrieved from the wholesaler', async () => {
    const running = await waitFor('the active bot', async () => {
      const { body } = await user.call('GET', '/bots/status');
      return body.running_bots.some(({ status }: { status: string }) => status === 'active') && body.running_bots;
    });
    expect(running).toMatchObject([{ native_meeting_id: room, normalized_status: 'active' }]);
  });

  test('2.3 and 3.1 the live transcript is the wholesaler’s', async () => {
    await (await wholesaler.bots.active(room)).say('Ann', 'good morning');
    const live = await waitFor('the words', async () => {
      const { body } = await user.transcript(room);
      return body.segments.length > 0 && body;
    });
    expect(live).toMatchObject({ id, source: 'live', segments: [{ text: 'good morning', speaker: 'Ann' }] });
  });

  test('2.4 the database tracks that it is live, and whose it is', async () => {
    expect(await rowOf(id)).toMatchObject({ is_live: true, platform_specific_id: room });
    const links = await retailer.connection.sql`select user_id from user_meetings where meeting_id = ${id}`;
    expect(links.map(({ user_id }) => user_id)).toEqual([user.id]);
    expect((await user.meeting(room)).body.data).toMatchObject({ is_live: true, transcript_cached: false });
    expect(await findMappingFaults(retailer.connection, wholesaler.sql)).toEqual([]);
  });

  test('2.5 no container was created here', async () => {
    // The bot is the wholesaler's; this process was given no way to make one.
    expect(wholesaler.bots.started.filter(({ isRunning }) => isRunning)).toHaveLength(1);
    expect(await composed()).not.toContain('bot-manager');
  });

  test('3.3 the webhook endpoint takes the wholesaler’s event, and nobody else’s', async () => {
    const forged = await user.call('POST', '/webhooks/meeting-finished', {
      platform: 'local',
      native_meeting_id: room,
      meeting_id: 1,
    });
    expect(forged.status).toBe(401);
    await (await wholesaler.bots.active(room)).end();
    const events = await waitFor('the event', async () => {
      const rows = await retailer.connection.sql`select * from inbound_webhooks where body::text like ${`%"${room}"%`}`;
      return rows.length > 0 && rows;
    });
    expect(events).toMatchObject([{ event_type: 'meeting.finished', outcome: 'finish queued' }]);
  });

  test('3.2 the finished transcript is served from the own database', async () => {
    const history = await user.history(room);
    expect(history).toMatchObject({ id, status: 'completed', segments: [{ text: 'good morning', speaker: 'Ann' }] });
  });

  test('3.4 meeting.data tells that it is cached and no longer live', async () => {
    expect((await user.meeting(room)).body.data).toMatchObject({ is_live: false, transcript_cached: true });
  });

  test('3.5 the segments are stored here, and cleaned up at the wholesaler', async () => {
    const stored = await retailer.connection.sql`select text from transcriptions where meeting_id = ${id}`;
    expect(stored.map(({ text }) => text)).toEqual(['good morning']);
    await waitFor('a clean wholesaler', async () => (await wholesaler.sql`select 1 from transcriptions`).length === 0);
    expect(await findMappingFaults(retailer.connection, wholesaler.sql)).toEqual([]);
  });
});

describe('phase 4: configuration', () => {
  test('4.1 the example environment names all that is needed, and starts nothing with example secrets', async () => {
    const lines = (await repository('env-example.retailer')).split('\n').filter((line) => /^[A-Z_]+=/.test(line));
    const example = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const secrets = ['ADMIN_API_TOKEN', 'VEXA_INFRA_API_KEY', 'WHOLESALER_WEBHOOK_SECRET'];
    expect(Object.keys(example)).toEqual(
      expect.arrayContaining([...secrets, 'VEXA_INFRA_API_URL', 'SERVICE_LAYER_ID']),
    );
    expect(() => configFromEnv(example)).toThrow(new RegExp(secrets.join('[^]*')));
    const filled = { ...example, ...Object.fromEntries(secrets.map((name) => [name, `${name}-0123456789abcdef`])) };
    expect(configFromEnv(filled).wholesaler.url).toBe(example.VEXA_INFRA_API_URL);
  });

  test('4.2 answers carry the headers that clients rely on', async () => {
    const answer = await fetch(`${retailer.url}/`);
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });

  test('4.3 end to end: create user, generate token, create meeting, get transcript', {
    timeout: 240_000,
  }, async () => {
    const headers = { 'x-admin-api-key': adminToken, 'content-type': 'application/json' };
    const post = async (path: string, body: unknown) => {
      const request = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await (await fetch(retailer.url + path, request)).json()) as { id: number; token: string };
    };
    const created = await post('/admin/users', { email: 'smoke@example.com' });
    const { token } = await post(`/admin/users/${created.id}/tokens`, {});
    const call = async (method: string, path: string, body?: unknown) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(retailer.url + path, {
        method,
        headers: { 'x-api-key': token, 'content-type': 'application/json' },
        ...sent,
      });
      return (await answer.json()) as { source: string; segments: { text: string }[] };
    };
    const room = newRoom();
    await call('POST', '/bots', { platform: 'local', native_meeting_id: room });
    const bot = await wholesaler.bots.active(room);
    await bot.say('Ann', 'from end to end');
    await call('DELETE', `/bots/local/${room}`);
    const transcript = await waitFor(
      'the finished transcript',
      async () => {
        const answer = await call('GET', `/transcripts/local/${room}`);
        return answer.source === 'history' && answer;
      },
      { deadlineMs: 120_000 },
    );
    expect(transcript.segments).toMatchObject([{ text: 'from end to end' }]);
  });
});
