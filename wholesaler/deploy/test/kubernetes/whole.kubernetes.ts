import { fileURLToPath } from 'node:url';
import { joinAsParticipant } from '@vexa/meeting-room/scripted-participant';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { expect, test } from 'vitest';
import { charts, helm } from '../render.ts';
import { get, kubectl } from './cluster.ts';
import { startNode } from './stand-in-node.ts';

const namespace = 'whole';
const bots = 'whole-bots';
const slow = { deadlineMs: 120_000, everyMs: 500 };
const adminToken = 'an-operator-of-the-test-0123456789';

test('what the chart installs works together: from a pod that is ready to a word that is read', async () => {
  await using postgres = await startPostgres();
  await using redis = await startRedis();
  for (const name of [namespace, bots]) {
    await kubectl(['create', 'namespace', name]);
    await kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted']);
  }
  const secrets = {
    ADMIN_API_TOKEN: adminToken,
    INTERNAL_TOKEN_SECRET: 'between-services-0123456789abcdef',
    SESSION_TOKEN_SECRET: 'of-the-sessions-0123456789abcdef',
    DATABASE_URL: await postgres.createDatabase('whole'),
    REDIS_URL: redis.url,
  };
  const literals = Object.entries(secrets).map(([name, value]) => `--from-literal=${name}=${value}`);
  await kubectl(['create', 'secret', 'generic', 'vexa-secrets', '-n', namespace, ...literals]);
  await using node = await startNode({ release: 'vexa', namespace });

  const laptop = `${charts.vexa.path}/examples/laptop.values.yaml`;
  const own = [
    'postgres.enabled=false',
    'redis.enabled=false',
    'image.tag=0.1.0',
    `bots.namespace=${bots}`,
    'botManager.env.BOT_KEEP_ENDED_MS=1000',
  ];
  // It waits for the migrations before, and for every probe after.
  await helm(
    ...[
      'upgrade',
      '--install',
      'vexa',
      charts.vexa.path,
      '-n',
      namespace,
      '--values',
      laptop,
      '--wait',
      '--timeout',
      '5m',
    ],
    ...own.flatMap((value) => ['--set', value]),
  );
  const deployments = await get('deployments', namespace);
  expect(deployments.map(({ metadata, status }) => [metadata.name, status.availableReplicas])).toEqual(
    ['admin-api', 'api-gateway', 'bot-manager', 'meeting-room', 'transcription-collector', 'whisperlive'].map(
      (name) => [`vexa-${name}`, 1],
    ),
  );

  const call = async (component: string, port: number, method: string, path: string, key: object, body?: object) => {
    const answer = await fetch(`http://${node.addressOf(component)}:${port}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...key },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text || '{}');
  };
  const operator = { 'x-admin-api-key': adminToken };
  const admin = (path: string, body: object) => call('admin-api', 8001, 'POST', path, operator, body);
  const { id } = await admin('/admin/users', { email: 'first@example.com', max_concurrent_bots: 2 });
  const { token } = await admin(`/admin/users/${id}/tokens`, { name: 'first key' });
  const gateway = (method: string, path: string, body?: object) =>
    call('api-gateway', 8000, method, path, { 'x-api-key': token }, body);

  const wanted = { platform: 'local', native_meeting_id: 'my-room' };
  const asked = gateway('POST', '/bots', wanted);
  const botPod = async () => (await get('pods', bots, 'app=bot'))[0];
  const bot = await waitFor('the pod of the bot', botPod, slow);
  expect(bot.metadata.name).toMatch(new RegExp(`^bot-${id}-\\d+-[0-9a-f]{8}$`));
  const [container] = bot.spec.containers;
  expect(container).toMatchObject({ image: 'vexa-bot:0.1.0', imagePullPolicy: 'Never' });
  const told = await waitFor(
    'its Secret',
    async () => (await get('secrets', bots)).find(({ metadata }) => metadata.name === bot.metadata.name),
    slow,
  );
  const config = JSON.parse(Buffer.from(told.data.BOT_CONFIG, 'base64').toString());
  expect(config).toMatchObject({
    meetingUrl: expect.stringMatching(/^http:\/\/meeting-room\.localhost:8090\/my-room/),
    redisUrl: secrets.REDIS_URL,
    whisperLiveUrl: expect.stringMatching(/:9090/),
    botManagerCallbackUrl: expect.stringMatching(/:8080\//),
  });
  await asked;

  const ann = joinAsParticipant({
    server: `http://${node.addressOf('meeting-room')}:8090`,
    ...{ room: wanted.native_meeting_id, name: 'Ann' },
  });
  await using people = new AsyncDisposableStack();
  people.use(ann);
  await ann.waitUntilAdmitted();
  await waitFor('the bot in the room', () => ann.participants().some(({ kind }) => kind === 'bot'), slow);
  await ann.speak(fileURLToPath(import.meta.resolve('@vexa/shared/testing/voices/lv-sense-0880.wav')));
  const heard = await waitFor(
    'her words',
    async () => {
      const { segments } = await gateway('GET', '/transcripts/local/my-room');
      return segments.find(
        ({ speaker, text }: Record<string, string>) => speaker === 'Ann' && /young man/i.test(text ?? ''),
      );
    },
    slow,
  );
  expect(heard).toMatchObject({ text: expect.stringMatching(/he was not an/i), language: 'en' });

  await gateway('DELETE', '/bots/local/my-room');
  await waitFor('the bot to be gone', async () => (await botPod()) === undefined, slow);
  const ended = async () => (await gateway('GET', '/meetings')).meetings[0].status === 'completed';
  await waitFor('the end of the meeting', ended, slow);
}, 600_000);
