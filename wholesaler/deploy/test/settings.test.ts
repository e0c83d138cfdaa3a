import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configFromEnv as adminApi } from '@vexa/admin-api/config';
import { configFromEnv as apiGateway } from '@vexa/api-gateway/config';
import { configFromEnv as botManager } from '@vexa/bot-manager/config';
import { configFromEnv as meetingRoom } from '@vexa/meeting-room/config';
import { configFromEnv as retailer } from '@vexa/retailer/config';
import { configFromEnv as collector } from '@vexa/transcription-collector/config';
import { configFromEnv as whisperlive } from '@vexa/whisperlive/config';
import { describe, expect, test } from 'vitest';
import { type KubeObject, podsOf, render } from './render.ts';

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { key: string } };
}

const secretValues: Record<string, string> = {
  DATABASE_URL: 'postgres://vexa:secret@db.internal:5432/vexa',
  REDIS_URL: 'rediss://:secret@redis.internal:6380',
};

/** As the kubelet does: in order, each knowing those before it. */
function environmentOf(objects: KubeObject[], component: string): Record<string, string> {
  const pod = objects.flatMap(podsOf).find(({ labels }) => labels['app.kubernetes.io/component'] === component);
  const environment: Record<string, string> = {};
  for (const { name, value, valueFrom } of (pod?.spec.containers[0].env ?? []) as Variable[]) {
    if (environment[name] !== undefined) throw new Error(`${name} is there twice`);
    environment[name] = valueFrom
      ? (secretValues[valueFrom.secretKeyRef.key] ?? `${name.toLowerCase()}-0123456789abcdef`)
      : (value ?? '').replaceAll(/\$\((\w+)\)/g, (_, other) => environment[other] ?? 'not known yet');
  }
  return environment;
}

const plain = await render('vexa', {
  values: {
    publicUrl: 'https://api.example.com',
    'bots.namespace': 'vexa-bots',
    'bots.max': 40,
    'bots.folders.diagnosis': true,
    'bots.folders.profile': true,
    'bots.nodeSelector': { pool: 'bots' },
    'bots.tolerations': [{ key: 'bots', operator: 'Exists' }],
    'image.registry': 'registry.example.com/vexa/',
    'image.pullSecrets': ['one', 'two'],
    'meetingRoom.enabled': true,
    'apiGateway.env': { RATE_LIMIT_START: 600, UPSTREAM_TIMEOUT_MS: 1000000 / 2, LOG_LEVEL: 'debug' },
  },
});
const others = await render('vexa', {
  values: {
    'postgres.enabled': false,
    'redis.enabled': false,
    'ingress.enabled': true,
    'ingress.meetingRoom.name': 'meet.example.com',
    'meetingRoom.enabled': true,
    'bots.requestMemoryMb': 700,
  },
});
const retail = await render('vexa-retailer', { values: { 'ingress.enabled': true, 'ingress.controller': 'gke' } });

describe('each service takes the settings that its chart gives it', () => {
  test('api-gateway', () => {
    const config = apiGateway(environmentOf(plain, 'api-gateway'));
    expect(config.http.port).toBe(8000);
    expect(config.upstreams).toEqual({
      adminApi: 'http://vexa-admin-api.vexa.svc:8001',
      botManager: 'http://vexa-bot-manager.vexa.svc:8080',
      collector: 'http://vexa-transcription-collector.vexa.svc:8000',
    });
    expect(config.redisUrl).toBe('redis://:redis_password-0123456789abcdef@vexa-redis.vexa.svc:6379');
    expect([config.trustedProxies, config.upstreamTimeoutMs, config.logLevel]).toEqual([0, 500_000, 'debug']);
    expect(apiGateway(environmentOf(others, 'api-gateway')).trustedProxies).toBe(1);
  });

  test('admin-api', () => {
    expect(adminApi(environmentOf(plain, 'admin-api'))).toMatchObject({
      http: { port: 8001 },
      databaseUrl: 'postgres://vexa:postgres_password-0123456789abcdef@vexa-postgres:5432/vexa',
    });
    expect(adminApi(environmentOf(others, 'admin-api'))).toMatchObject({
      databaseUrl: secretValues.DATABASE_URL,
      redisUrl: secretValues.REDIS_URL,
    });
  });

  test('bot-manager, and the bots it starts', () => {
    const { bots, hosts, limits, models, collectorUrl } = botManager(environmentOf(plain, 'bot-manager'));
    expect(collectorUrl).toBe('http://vexa-transcription-collector.vexa.svc:8000');
    expect(models.url).toBe('http://vexa-whisperlive.vexa.svc:9091');
    expect(hosts.meetingRoomUrl).toBe('http://meeting-room.localhost:8090');
    // A meeting is not given up while its bot may wait for a node.
    expect(limits.requestedMs).toBe(90_000);
    expect(bots).toMatchObject({
      max: 40,
      whisperLiveUrl: 'ws://vexa-whisperlive.vexa.svc:9090',
      callbackUrl: 'http://vexa-bot-manager.vexa.svc:8080',
      env: { CHROMIUM_FLAGS: "--host-resolver-rules='MAP meeting-room.localhost vexa-meeting-room.vexa.svc'" },
      kubernetes: {
        namespace: 'vexa-bots',
        image: 'registry.example.com/vexa/vexa-bot:0.1.0',
        pull: 'missing',
        pullSecrets: ['one', 'two'],
        limits: { memoryMb: 1024, cpus: 1, tmpMb: 256 },
        requests: { memoryMb: 1024, cpus: 0.5 },
        nodeSelector: { pool: 'bots' },
        tolerations: [{ key: 'bots', operator: 'Exists' }],
        graceSeconds: 30,
        scheduleSeconds: 30,
        folders: { diagnosis: 'vexa-bots/diagnosis', profile: 'vexa-bots/profile' },
      },
    });
    const elsewhere = botManager(environmentOf(others, 'bot-manager'));
    expect(elsewhere.bots.kubernetes).toMatchObject({ namespace: 'vexa', requests: { memoryMb: 700 }, folders: {} });
    expect(elsewhere.hosts.meetingRoomUrl).toBe('https://meet.example.com');
  });

  test('transcription-collector', () => {
    const config = collector(environmentOf(plain, 'transcription-collector'));
    expect(config).toMatchObject({
      botManagerUrl: 'http://vexa-bot-manager.vexa.svc:8080',
      publicUrl: 'https://api.example.com',
    });
  });

  test('whisperlive, which has the time that it drains for', () => {
    const config = whisperlive(environmentOf(plain, 'whisperlive'));
    expect(config).toMatchObject({ port: 9090, healthPort: 9091, drainSeconds: 60, memoryBytes: 2.5e9 });
    expect(config.engine).toMatchObject({ model: 'tiny.en', workers: 2, threads: 1, device: 'cpu' });
    const pod = plain.flatMap(podsOf).find(({ labels }) => labels['app.kubernetes.io/component'] === 'whisperlive');
    // What it sleeps before, the drain, and the 30 s in which any service must end.
    expect(pod?.spec.terminationGracePeriodSeconds).toBe(5 + config.drainSeconds + 30);
  });

  test('meeting-room', () => {
    expect(meetingRoom(environmentOf(plain, 'meeting-room'))).toMatchObject({ http: { port: 8090 } });
    expect(meetingRoom(environmentOf(others, 'meeting-room')).publicUrl).toBe('https://meet.example.com');
  });

  test('retailer', () => {
    expect(retailer(environmentOf(retail, 'api'))).toMatchObject({
      http: { port: 8056, adminPort: 8057 },
      wholesaler: { url: 'http://vexa-api-gateway.vexa.svc:8000' },
      databaseUrl: 'postgres://vexa:postgres_password-0123456789abcdef@vexa-retailer-postgres:5432/vexa_retailer',
      trustedProxies: 2,
    });
  });
});

test('no variable is set that nobody reads', async () => {
  const folders = ['admin-api', 'api-gateway', 'bot-manager', 'transcription-collector', 'whisperlive', 'meeting-room'];
  const readmes = await Promise.all(
    [...folders.map((folder) => `wholesaler/${folder}`), 'retailer'].map((folder) =>
      readFile(fileURLToPath(new URL(`../../../${folder}/README.md`, import.meta.url)), 'utf8'),
    ),
  );
  const documented = readmes.join('\n');
  const names = [plain, others, retail]
    .flat()
    .filter(({ kind }) => kind === 'Deployment')
    .flatMap(podsOf)
    .flatMap(({ spec }) => spec.containers[0].env.map(({ name }: Variable) => name))
    .filter((name) => !['POSTGRES_PASSWORD', 'REDIS_PASSWORD'].includes(name));
  expect([...new Set(names)].filter((name) => !documented.includes(name))).toEqual([]);
});
