import { fileURLToPath } from 'node:url';
import { joinAsParticipant } from '@vexa/meeting-room/scripted-participant';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { type Chart, charts, helm } from '../render.ts';
import { get, kubectl } from './cluster.ts';
import { startNode } from './stand-in-node.ts';

const wholesaler = 'whole';
const bots = 'whole-bots';
const retailer = 'whole-retailer';
const slow = { deadlineMs: 120_000, everyMs: 500 };
const adminToken = 'an-operator-of-the-test-0123456789';

async function makeSecret(chart: Chart, namespace: string, values: Record<string, string>): Promise<void> {
  const literals = Object.entries(values).map(([name, value]) => `--from-literal=${name}=${value}`);
  await kubectl(['create', 'secret', 'generic', charts[chart].required.existingSecret, '-n', namespace, ...literals]);
}

/** The example `laptop`, with stores outside. Waits for the migrations before, and for every probe after. */
const install = (chart: Chart, namespace: string, settings: Record<string, unknown>) =>
  helm(
    ...['upgrade', '--install', chart, charts[chart].path, '-n', namespace, '--wait', '--timeout', '5m'],
    ...['--values', `${charts[chart].path}/examples/laptop.values.yaml`],
    ...Object.entries({ 'postgres.enabled': false, 'image.tag': '0.1.0', ...settings }).flatMap(([name, value]) => [
      '--set-json',
      `${name}=${JSON.stringify(value)}`,
    ]),
  );

async function call(url: string, method: string, headers: Record<string, string>, body?: object) {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return JSON.parse(text || '{}');
}

async function makeUser(admin: string, email: string): Promise<{ id: number; key: string }> {
  const operator = { 'x-admin-api-key': adminToken };
  const { id } = await call(`${admin}/admin/users`, 'POST', operator, { email, max_concurrent_bots: 2 });
  const { token } = await call(`${admin}/admin/users/${id}/tokens`, 'POST', operator, { name: 'first key' });
  return { id, key: token };
}

test('what the charts install works together: from a pod that is ready to a transcript that is kept', async () => {
  await using postgres = await startPostgres();
  await using redis = await startRedis();
  for (const name of [wholesaler, bots, retailer]) {
    await kubectl(['create', 'namespace', name]);
    await kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted']);
  }
  await using node = await startNode(wholesaler);

  await makeSecret('vexa', wholesaler, {
    ADMIN_API_TOKEN: adminToken,
    INTERNAL_TOKEN_SECRET: 'between-services-0123456789abcdef',
    SESSION_TOKEN_SECRET: 'of-the-sessions-0123456789abcdef',
    DATABASE_URL: await postgres.createDatabase('wholesaler'),
    REDIS_URL: redis.url,
  });
  await install('vexa', wholesaler, {
    'redis.enabled': false,
    'bots.namespace': bots,
    'botManager.env': { BOT_KEEP_ENDED_MS: 1000, WEBHOOK_ALLOWED_HOSTS: `vexa-retailer-api.${retailer}.svc:8056` },
  });
  const available = (await get('deployments', wholesaler)).map(({ metadata, status }) => [
    metadata.name,
    status.availableReplicas,
  ]);
  const services = [
    'admin-api',
    'api-gateway',
    'bot-manager',
    'meeting-room',
    'transcription-collector',
    'whisperlive',
  ];
  expect(available).toEqual(services.map((name) => [`vexa-${name}`, 1]));

  const system = await makeUser(`http://${node.addressOf(`vexa-admin-api.${wholesaler}`)}:8001`, 'system@example.com');
  await makeSecret('vexa-retailer', retailer, {
    ADMIN_API_TOKEN: adminToken,
    VEXA_INFRA_API_KEY: system.key,
    WHOLESALER_WEBHOOK_SECRET: 'of-the-webhooks-0123456789abcdef',
    DATABASE_URL: await postgres.createDatabase('retailer'),
  });
  await install('vexa-retailer', retailer, {
    wholesalerUrl: `http://vexa-api-gateway.${wholesaler}.svc:8000`,
    publicUrl: `http://vexa-retailer-api.${retailer}.svc:8056`,
  });
  const retail = `http://${node.addressOf(`vexa-retailer-api.${retailer}`)}`;
  const { key } = await makeUser(`${retail}:8057`, 'first@example.com');
  const user = (method: string, path: string, body?: object) =>
    call(`${retail}:8056${path}`, method, { 'x-api-key': key }, body);

  await user('POST', '/bots', { platform: 'local', native_meeting_id: 'my-room' });
  const botPod = async () => (await get('pods', bots, 'app=bot'))[0];
  const bot = await waitFor('the pod of the bot', botPod, slow);
  expect(bot.metadata.name).toMatch(new RegExp(`^bot-${system.id}-\\d+-[0-9a-f]{8}$`));
  expect(bot.spec.containers[0]).toMatchObject({ image: 'vexa-bot:0.1.0', imagePullPolicy: 'Never' });

  await using people = new AsyncDisposableStack();
  const room = { server: `http://${node.addressOf(`vexa-meeting-room.${wholesaler}`)}:8090`, room: 'my-room' };
  const ann = people.use(joinAsParticipant({ ...room, name: 'Ann' }));
  await ann.waitUntilAdmitted();
  await waitFor('the bot in the room', () => ann.participants().some(({ kind }) => kind === 'bot'), slow);
  await ann.speak(fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/lv-sense-0880.wav')));
  const said = async () => {
    const { segments } = await user('GET', '/transcripts/local/my-room');
    return segments.find((segment: Record<string, string>) => /young man/i.test(segment.text ?? ''));
  };
  expect(await waitFor('her words', said, slow)).toMatchObject({ speaker: 'Ann', language: 'en' });

  await user('DELETE', '/bots/local/my-room');
  await waitFor('the bot to be gone', async () => (await botPod()) === undefined, slow);
  const kept = async () => (await user('GET', '/meetings')).meetings[0].status === 'completed';
  await waitFor('the end of the meeting', kept, slow);
  // The retailer has fetched what was said, and had the wholesaler delete it.
  const forgotten = () =>
    call(`http://${node.addressOf(`vexa-api-gateway.${wholesaler}`)}:8000/transcripts/local/my-room`, 'GET', {
      'x-api-key': system.key,
    }).then(
      ({ segments }) => segments.length === 0,
      (error: Error) => / 404 /.test(error.message),
    );
  await waitFor('the wholesaler to have forgotten it', forgotten, slow);
  expect(await said()).toMatchObject({ speaker: 'Ann' });
}, 600_000);
