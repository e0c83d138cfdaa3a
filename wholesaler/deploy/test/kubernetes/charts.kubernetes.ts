import { fileURLToPath } from 'node:url';
import { podSpec } from '@vexa/bot-manager/runners/kubernetes/pod-spec';
import { expect, test } from 'vitest';
import { type Chart, chartNames, charts, examplesOf, helm, type KubeObject, render } from '../render.ts';
import { endMigrations, get, kubectl, untilPodsAreMade } from './cluster.ts';

const manifest = (name: string) => fileURLToPath(new URL(`../../k8s/${name}.yaml`, import.meta.url));
const timeout = 300_000;
const kinds =
  'deployments,statefulsets,services,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,jobs,ingresses';
const own = (chart: Chart) => `app.kubernetes.io/instance=${chart}`;

const upgrade = (chart: Chart, values: Record<string, unknown> = {}) => {
  const set = Object.entries({ ...charts[chart].required, ...values }).flatMap(([name, value]) => [
    '--set-json',
    `${name}=${JSON.stringify(value)}`,
  ]);
  return helm(
    'upgrade',
    '--install',
    chart,
    charts[chart].path,
    '-n',
    charts[chart].namespace,
    '--timeout',
    '4m',
    ...set,
  );
};

/** What an update changes when it needs to: what is wanted, and the pods that were made for it. */
async function stateOf(chart: Chart): Promise<string[]> {
  const objects = [
    ...(await get(kinds, charts[chart].namespace, own(chart))),
    ...(await get('roles,rolebindings', 'vexa-bots')),
  ];
  const pods = await get('pods', charts[chart].namespace, own(chart));
  return [
    ...objects.map(({ kind, metadata, spec, rules }) => `${kind} ${metadata.name} ${JSON.stringify(spec ?? rules)}`),
    ...pods
      .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] !== 'migrations')
      .map(({ metadata }) => `Pod ${metadata.name}`),
  ].sort();
}

test('the namespaces and the room for bots are taken, twice', async () => {
  for (const _ of [1, 2]) {
    for (const name of ['namespace', 'cluster-autoscaler']) await kubectl(['apply', '-f', manifest(name)]);
  }
  await kubectl(['create', 'namespace', 'retailer']);
  await kubectl(['label', 'namespace', 'retailer', 'pod-security.kubernetes.io/enforce=restricted']);
  await untilPodsAreMade('vexa');
}, 300_000);

test.each(chartNames)(
  '%s: the server takes every object of every example, and knows every field',
  async (chart) => {
    const custom = (object: KubeObject) => /monitoring.coreos.com|cloud.google.com/.test(object.apiVersion);
    for (const [name, file] of [['as it comes', undefined] as const, ...(await examplesOf(chart))]) {
      const objects = await render(chart, file === undefined ? {} : { files: [file] });
      const items = objects.filter((object) => !custom(object));
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      const answer = await kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], list);
      expect(answer.trim().split('\n'), name).toHaveLength(items.length);
    }
  },
  timeout,
);

test(
  'vexa is installed, changed only by what is changed, and leaves nothing but its data',
  async () => {
    const bots = { 'bots.namespace': 'vexa-bots', 'bots.folders.diagnosis': true };
    await Promise.all([
      upgrade('vexa', bots),
      endMigrations('vexa', async () => {
        // Its own Postgres must be there for them.
        expect((await get('statefulsets', 'vexa', own('vexa'))).map(({ metadata }) => metadata.name)).toContain(
          'vexa-postgres',
        );
      }),
    ]);
    await untilPodsAreMade('vexa');
    const before = await stateOf('vexa');
    expect(before.length).toBeGreaterThan(40);

    await Promise.all([upgrade('vexa', bots), endMigrations('vexa', async () => {})]);
    expect(await stateOf('vexa')).toEqual(before);

    const imageOf = async () => {
      const [gateway] = await get('deployments', 'vexa', 'app.kubernetes.io/component=api-gateway');
      return gateway?.spec.template.spec.containers[0].image;
    };
    await Promise.all([
      upgrade('vexa', { ...bots, 'image.tag': '9.9.9' }),
      // No service of the new version runs before its tables are there.
      endMigrations('vexa', async () => expect(await imageOf()).toBe('vexa-api-gateway:0.1.0')),
    ]);
    expect(await imageOf()).toBe('vexa-api-gateway:9.9.9');

    const can = (account: string, what: string[], namespace: string) =>
      kubectl(['auth', 'can-i', ...what, '-n', namespace, `--as=system:serviceaccount:vexa:${account}`]).then(
        (answer) => answer.trim(),
        () => 'no',
      );
    for (const verb of ['create', 'delete', 'get', 'list', 'watch']) {
      expect(await can('vexa-bot-manager', [verb, 'pods'], 'vexa-bots')).toBe('yes');
    }
    expect(await can('vexa-bot-manager', ['get', 'pods', '--subresource=log'], 'vexa-bots')).toBe('yes');
    expect(await can('vexa-bot-manager', ['create', 'secrets'], 'vexa-bots')).toBe('yes');
    for (const [account, what, namespace] of [
      ['vexa-bot-manager', ['get', 'secrets'], 'vexa-bots'],
      ['vexa-bot-manager', ['create', 'pods', '--subresource=exec'], 'vexa-bots'],
      ['vexa-bot-manager', ['patch', 'pods'], 'vexa-bots'],
      ['vexa-bot-manager', ['list', 'pods'], 'vexa'],
      ['vexa-bot-manager', ['create', 'secrets'], 'vexa'],
      ['vexa', ['list', 'pods'], 'vexa-bots'],
      ['vexa', ['list', 'pods'], 'vexa'],
    ] as const) {
      expect(await can(account, [...what], namespace), `${account} ${what.join(' ')} in ${namespace}`).toBe('no');
    }

    await helm('uninstall', 'vexa', '-n', 'vexa', '--wait', '--timeout', '4m');
    expect(await get(kinds, 'vexa', own('vexa'))).toEqual([]);
    expect(await get('roles,rolebindings', 'vexa-bots')).toEqual([]);
    expect((await get('persistentvolumeclaims', 'vexa')).map(({ metadata }) => metadata.name).sort()).toEqual([
      'data-vexa-postgres-0',
      'data-vexa-redis-0',
    ]);
    expect((await get('persistentvolumeclaims', 'vexa-bots')).map(({ metadata }) => metadata.name)).toEqual([
      'vexa-bots',
    ]);
    expect(await kubectl(['apply', '--dry-run=server', '-f', manifest('bot-folders')])).toContain('created');
  },
  timeout,
);

test(
  'the retailer, with a Postgres of another place: nothing runs before its tables are there',
  async () => {
    const values = { 'postgres.enabled': false, 'ingress.enabled': true };
    const first = upgrade('vexa-retailer', values);
    await Promise.all([
      first,
      endMigrations('retailer', async () => expect(await get('deployments', 'retailer')).toEqual([])),
    ]);
    await untilPodsAreMade('retailer');
    const before = await stateOf('vexa-retailer');
    await Promise.all([upgrade('vexa-retailer', values), endMigrations('retailer', async () => {})]);
    expect(await stateOf('vexa-retailer')).toEqual(before);
    await helm('uninstall', 'vexa-retailer', '-n', 'retailer', '--wait', '--timeout', '4m');
    expect(await get(`${kinds},persistentvolumeclaims`, 'retailer', own('vexa-retailer'))).toEqual([]);
  },
  timeout,
);

test('a bot is taken in the namespace of bots, until the quota is used up', async () => {
  const pod = (number: number) =>
    podSpec(
      {
        name: `vexa-bot-7-${number.toString(16).padStart(8, '0')}`,
        labels: { 'vexa.user_id': '3', 'vexa.meeting_id': '7' },
        // biome-ignore lint/suspicious/noExplicitAny: of the configuration only this tells how long the pod may live
        config: { automaticLeave: { waitingRoomTimeout: 1, maxBotTime: 1 } } as any,
      },
      {
        ...{ image: 'vexa-bot:0.1.0', pull: 'missing', pullSecrets: [], nodeSelector: {}, tolerations: [] },
        ...{ limits: { memoryMb: 1024, cpus: 1, tmpMb: 256 }, requests: { memoryMb: 1024, cpus: 0.5 } },
        ...{ graceSeconds: 30, owner: 'test', env: {}, folders: {} },
      },
    );
  const create = (number: number) => kubectl(['create', '-n', 'vexa-bots', '-f', '-'], JSON.stringify(pod(number)));
  expect(await create(1)).toContain('created');
  const quota = JSON.stringify({ spec: { hard: { pods: '1' } } });
  await kubectl(['patch', 'resourcequota', 'bots', '-n', 'vexa-bots', '-p', quota]);
  await expect(create(2)).rejects.toThrow(/exceeded quota/);
});
