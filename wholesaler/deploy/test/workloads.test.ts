import { describe, expect, test } from 'vitest';
import { type Chart, charts, type KubeObject, podsOf, render } from './render.ts';

const example = (name: string, chart: Chart = 'vexa') =>
  render(chart, { files: [`${charts[chart].path}/examples/${name}.values.yaml`] });
const find = (objects: KubeObject[], kind: string, name: string): KubeObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};
const podOf = (objects: KubeObject[], component: string) =>
  podsOf(find(objects, 'Deployment', `vexa-${component}`))[0]!.spec;
const variableOf = (objects: KubeObject[], component: string, name: string): string | undefined =>
  podOf(objects, component).containers[0].env.find((variable: { name: string }) => variable.name === name)?.value;

const plain = await render('vexa');

describe('whisperlive', () => {
  test('is replaced one by one, takes nothing more while it ends, and is asked whether it takes streams', () => {
    const { spec } = find(plain, 'Deployment', 'vexa-whisperlive');
    expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    const { terminationGracePeriodSeconds, containers, topologySpreadConstraints } = podOf(plain, 'whisperlive');
    expect(terminationGracePeriodSeconds).toBe(95);
    expect(containers[0]).toMatchObject({
      lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
      startupProbe: { httpGet: { path: '/health/ready', port: 'http' }, periodSeconds: 2, failureThreshold: 450 },
      readinessProbe: { httpGet: { path: '/health/accepting' } },
      livenessProbe: { httpGet: { path: '/health/live' } },
    });
    expect(topologySpreadConstraints.map((each: { topologyKey: string }) => each.topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
  });

  test('is scaled by CPU, and by load and wait where these can be read', async () => {
    const metrics = (objects: KubeObject[]) =>
      find(objects, 'HorizontalPodAutoscaler', 'vexa-whisperlive').spec.metrics;
    const cpu = {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
    };
    const own = (name: string, averageValue: string) => ({
      type: 'Pods',
      pods: { metric: { name }, target: { type: 'AverageValue', averageValue } },
    });
    expect(metrics(plain)).toEqual([cpu]);
    expect(metrics(await example('monitored'))).toEqual([
      cpu,
      own('whisperlive_final_queue_seconds_p95', '300m'),
      own('whisperlive_load', '700m'),
    ]);
  });

  test('on graphics cards asks for one, and stands the taint of their nodes', async () => {
    const objects = await example('gpu');
    const { containers, tolerations, nodeSelector } = podOf(objects, 'whisperlive');
    expect(containers[0].resources.limits).toEqual({ memory: '12Gi', 'nvidia.com/gpu': 1 });
    expect(tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
    expect(nodeSelector).toEqual({ 'cloud.google.com/gke-accelerator': 'nvidia-l4' });
    expect(variableOf(objects, 'whisperlive', 'WHISPER_DEVICE')).toBe('cuda');
    expect(podOf(objects, 'api-gateway').tolerations).toBeUndefined();
  });

  test.each([
    ['pod', {}, { name: 'models', emptyDir: { sizeLimit: '4Gi' } }, false],
    ['claim', {}, { name: 'models', persistentVolumeClaim: { claimName: 'vexa-whisperlive-models' } }, true],
    ['claim', { existingClaim: 'm' }, { name: 'models', persistentVolumeClaim: { claimName: 'm' } }, false],
    ['image', {}, undefined, false],
  ])('with its models in a %s %j', async (kind, more, volume, claimed) => {
    const objects = await render('vexa', { values: { 'whisperlive.modelStorage': { kind, ...more } } });
    const { volumes, containers } = podOf(objects, 'whisperlive');
    expect(volumes.find((each: { name: string }) => each.name === 'models')).toEqual(volume);
    expect(containers[0].volumeMounts.some((each: { mountPath: string }) => each.mountPath === '/models')).toBe(
      volume !== undefined,
    );
    expect(objects.some((object) => object.kind === 'PersistentVolumeClaim')).toBe(claimed);
  });
});

describe('the folders of bots', () => {
  const claimsOf = (objects: KubeObject[]) => objects.filter(({ kind }) => kind === 'PersistentVolumeClaim');

  test('are on a claim in their namespace, which outlives the release', async () => {
    const wanted = { 'bots.folders': { diagnosis: true, storageClass: 'shared' }, 'bots.namespace': 'vexa-bots' };
    const objects = await render('vexa', { values: wanted });
    const [claim] = claimsOf(objects);
    expect(claim?.metadata).toMatchObject({ name: 'vexa-bots', namespace: 'vexa-bots' });
    expect(claim?.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(claim?.spec).toEqual({
      accessModes: ['ReadWriteMany'],
      storageClassName: 'shared',
      resources: { requests: { storage: '2Gi' } },
    });
    expect(variableOf(objects, 'bot-manager', 'BOT_DIAGNOSIS_DIR')).toBe('vexa-bots/diagnosis');
    expect(variableOf(objects, 'bot-manager', 'BOT_PROFILE_DIR')).toBeUndefined();
  });

  test('are on a claim of the operator, or nowhere', async () => {
    const folders = { profile: true, existingClaim: 'accounts' };
    const objects = await render('vexa', { values: { 'bots.folders': folders } });
    expect(variableOf(objects, 'bot-manager', 'BOT_PROFILE_DIR')).toBe('accounts/profile');
    expect(claimsOf(objects)).toEqual([]);
    expect(claimsOf(plain)).toEqual([]);
    expect(variableOf(plain, 'bot-manager', 'BOT_PROFILE_DIR')).toBeUndefined();
  });
});

describe('the migrations', () => {
  test.each([
    [true, 'post-install,pre-upgrade'],
    [false, 'pre-install,pre-upgrade'],
  ])('with a Postgres of the chart (%s) run %s, as nobody that must be there before', async (own, hook) => {
    for (const [chart, script] of [
      ['vexa', 'wholesaler/database/src/migrate-cli.ts'],
      ['vexa-retailer', 'retailer/src/migrate-cli.ts'],
    ] as const) {
      const job = find(await render(chart, { values: { 'postgres.enabled': own } }), 'Job', `${chart}-migrations`);
      expect(job.metadata.annotations).toEqual({
        'helm.sh/hook': hook,
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
      });
      expect(job.spec.template.spec.containers[0].command).toEqual(['node', script]);
      expect(job.spec.template.spec.serviceAccountName).toBeUndefined();
    }
  });
});

describe('the ingress', () => {
  test('of nginx leaves connections open for an hour, and holds nothing back', async () => {
    const objects = await example('monitored');
    for (const [name, host, secretName] of [
      ['vexa-api-gateway', 'api.example.com', 'api-tls'],
      ['vexa-meeting-room', 'meet.example.com', 'meet-tls'],
    ] as const) {
      const { metadata, spec } = find(objects, 'Ingress', name);
      expect(metadata.annotations).toEqual({
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
        'nginx.ingress.kubernetes.io/proxy-send-timeout': '3600',
      });
      expect(spec).toMatchObject({
        ingressClassName: 'nginx',
        tls: [{ hosts: [host], secretName }],
        rules: [{ host }],
      });
    }
    expect(variableOf(objects, 'api-gateway', 'TRUSTED_PROXIES')).toBe('1');
  });

  test.each([
    ['vexa', 'vexa-api-gateway', 8000],
    ['vexa-retailer', 'vexa-retailer-api', 8056],
  ] as const)('of Google Cloud does so for %s by a BackendConfig', async (chart, name, port) => {
    const objects = await example('gke', chart);
    expect(find(objects, 'BackendConfig', name).spec).toEqual({
      timeoutSec: 3600,
      connectionDraining: { drainingTimeoutSec: 30 },
      healthCheck: { type: 'HTTP', requestPath: '/health/live', port },
    });
    const service = find(objects, 'Service', name);
    expect(service.metadata.annotations).toEqual({ 'cloud.google.com/backend-config': `{"default":"${name}"}` });
    expect(find(objects, 'Ingress', name).metadata.annotations).toMatchObject({ 'kubernetes.io/ingress.class': 'gce' });
  });
});

test('images come from the registry and have the version that are named', async () => {
  const objects = await render('vexa', { values: { 'image.registry': 'eu.example.com/vexa', 'image.tag': '1.2.3' } });
  const images = objects.flatMap(podsOf).map(({ spec }) => spec.containers[0].image as string);
  expect([...new Set(images)].sort()).toEqual([
    'eu.example.com/vexa/vexa-admin-api:1.2.3',
    'eu.example.com/vexa/vexa-api-gateway:1.2.3',
    'eu.example.com/vexa/vexa-bot-manager:1.2.3',
    'eu.example.com/vexa/vexa-transcription-collector:1.2.3',
    'eu.example.com/vexa/vexa-whisperlive:1.2.3',
    'postgres:18-bookworm',
    'redis:7-bookworm',
  ]);
  expect(variableOf(objects, 'bot-manager', 'BOT_IMAGE')).toBe('eu.example.com/vexa/vexa-bot:1.2.3');
});

test('an autoscaler and a fixed number of replicas never contradict each other', () => {
  for (const { kind, metadata, spec } of plain) {
    if (kind !== 'Deployment') continue;
    const scaled = plain.some(
      (object) => object.kind === 'HorizontalPodAutoscaler' && object.metadata.name === metadata.name,
    );
    expect(spec.replicas === undefined, metadata.name).toBe(scaled);
  }
});
