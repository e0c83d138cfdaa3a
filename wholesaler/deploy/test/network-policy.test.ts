import { describe, expect, test } from 'vitest';
import { type End, mayReach } from './network-policy.ts';
import { type Chart, charts, type KubeObject, podsOf, render } from './render.ts';

const bots = 'vexa-bots';
const rendered = {
  vexa: await render('vexa', {
    values: {
      'bots.namespace': bots,
      'meetingRoom.enabled': true,
      'serviceMonitor.enabled': true,
      'networkPolicy.apiServer.cidrs': ['10.96.0.1/32'],
      'networkPolicy.botsAlsoReach': ['192.168.7.0/24'],
    },
  }),
  'vexa-retailer': await render('vexa-retailer'),
};
const policies = Object.values(rendered)
  .flat()
  .filter(({ kind }) => kind === 'NetworkPolicy');

const podOf = (chart: Chart, component: string): End => {
  const pod = rendered[chart].flatMap(podsOf).find((each) => each.labels['app.kubernetes.io/component'] === component);
  if (!pod) throw new Error(`${chart} has no ${component}`);
  return { namespace: charts[chart].namespace, labels: pod.labels };
};
const ends = {
  ...Object.fromEntries(
    [
      ...['api-gateway', 'admin-api', 'bot-manager', 'transcription-collector', 'whisperlive', 'meeting-room'],
      ...['postgres', 'redis', 'migrations'],
    ].map((component) => [component, podOf('vexa', component)]),
  ),
  retailer: podOf('vexa-retailer', 'api'),
  'retailer-migrations': podOf('vexa-retailer', 'migrations'),
  'retailer-postgres': podOf('vexa-retailer', 'postgres'),
  bot: { namespace: bots, labels: { app: 'bot', 'vexa.meeting_id': '7' } },
  'other pod there': { namespace: 'vexa', labels: { app: 'something' } },
  'other pod': { namespace: 'default', labels: {} },
  'false bot': { namespace: 'default', labels: { app: 'bot' } },
  prometheus: { namespace: 'monitoring', labels: {} },
  dns: { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  'api server': { address: '10.96.0.1' },
  internet: { address: '142.250.185.78' },
  'internet, IPv6': { address: '2a00:1450:4001::1' },
  'private address': { address: '10.1.2.3' },
  "cloud's metadata": { address: '169.254.169.254' },
  'own meetings': { address: '192.168.7.9' },
} as Record<string, End>;
const end = (name: string): End => {
  const found = ends[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
};

const allowed: [from: string, to: string, port: number, protocol?: 'UDP'][] = [
  ['internet', 'api-gateway', 8000],
  ['other pod', 'api-gateway', 8000],
  ['api-gateway', 'admin-api', 8001],
  ['api-gateway', 'bot-manager', 8080],
  ['api-gateway', 'transcription-collector', 8000],
  ['api-gateway', 'redis', 6379],
  ['admin-api', 'postgres', 5432],
  ['admin-api', 'redis', 6379],
  ['bot-manager', 'postgres', 5432],
  ['bot-manager', 'redis', 6379],
  ['bot-manager', 'transcription-collector', 8000],
  ['bot-manager', 'whisperlive', 9091],
  ['bot-manager', 'api server', 443],
  ['bot-manager', 'internet', 443],
  ['transcription-collector', 'bot-manager', 8080],
  ['transcription-collector', 'postgres', 5432],
  ['transcription-collector', 'redis', 6379],
  ['whisperlive', 'redis', 6379],
  ['whisperlive', 'internet', 443],
  ['migrations', 'postgres', 5432],
  ['internet', 'meeting-room', 8090],
  ['bot', 'whisperlive', 9090],
  ['bot', 'bot-manager', 8080],
  ['bot', 'redis', 6379],
  ['bot', 'meeting-room', 8090],
  ['bot', 'internet', 443],
  ['bot', 'internet, IPv6', 443],
  ['bot', 'internet', 19305, 'UDP'],
  ['bot', 'own meetings', 50000, 'UDP'],
  ['bot', 'dns', 53, 'UDP'],
  ['prometheus', 'whisperlive', 9091],
  ['prometheus', 'api-gateway', 8000],
  ['internet', 'retailer', 8056],
  ['retailer', 'api-gateway', 8000],
  ['retailer', 'retailer-postgres', 5432],
  ['retailer-migrations', 'retailer-postgres', 5432],
  ['retailer', 'internet', 443],
];

const forbidden: [from: string, to: string, port: number, protocol?: 'UDP'][] = [
  ['bot', 'postgres', 5432],
  ['bot', 'admin-api', 8001],
  ['bot', 'api-gateway', 8000],
  ['bot', 'transcription-collector', 8000],
  ['bot', 'whisperlive', 9091],
  ['bot', 'bot', 9222],
  ['bot', 'other pod', 80],
  ['bot', 'retailer', 8057],
  ['bot', 'retailer-postgres', 5432],
  ['bot', 'private address', 443],
  ['bot', "cloud's metadata", 80],
  ['bot', 'api server', 443],
  ['internet', 'bot', 9222],
  ['bot-manager', 'bot', 80],
  ['false bot', 'whisperlive', 9090],
  ['false bot', 'bot-manager', 8080],
  ['false bot', 'redis', 6379],
  ['internet', 'admin-api', 8001],
  ['internet', 'bot-manager', 8080],
  ['internet', 'whisperlive', 9090],
  ['internet', 'postgres', 5432],
  ['other pod', 'postgres', 5432],
  ['other pod', 'redis', 6379],
  ['other pod', 'admin-api', 8001],
  ['other pod', 'whisperlive', 9090],
  ['other pod there', 'postgres', 5432],
  ['other pod there', 'admin-api', 8001],
  ['prometheus', 'postgres', 5432],
  ['prometheus', 'bot', 80],
  ['api-gateway', 'postgres', 5432],
  ['api-gateway', 'whisperlive', 9090],
  ['api-gateway', 'internet', 443],
  ['admin-api', 'internet', 443],
  ['admin-api', 'bot-manager', 8080],
  ['bot-manager', 'private address', 443],
  ['bot-manager', "cloud's metadata", 80],
  ['transcription-collector', 'internet', 443],
  ['transcription-collector', 'api server', 443],
  ['whisperlive', 'postgres', 5432],
  ['whisperlive', 'bot-manager', 8080],
  ['whisperlive', 'private address', 443],
  ['migrations', 'redis', 6379],
  ['migrations', 'internet', 443],
  ['postgres', 'internet', 443],
  ['postgres', 'dns', 53, 'UDP'],
  ['redis', 'internet', 443],
  ['meeting-room', 'internet', 443],
  ['retailer', 'postgres', 5432],
  ['retailer', 'admin-api', 8001],
  ['retailer', 'redis', 6379],
  ['internet', 'retailer', 8057],
  ['internet', 'retailer-postgres', 5432],
  ['api-gateway', 'retailer-postgres', 5432],
];

const reach = ([from, to, port, protocol]: (typeof allowed)[number], among: KubeObject[] = policies) =>
  mayReach(among, { from: end(from), to: end(to), port, ...(protocol && { protocol }) });

describe('with the policies of both charts', () => {
  test.each(allowed)('%s reaches %s at %d', (...connection) => {
    expect(reach(connection)).toBe(true);
  });

  test.each(forbidden)('%s does not reach %s at %d', (...connection) => {
    expect(reach(connection)).toBe(false);
  });
});

test('nothing is left out: each forbidden connection is open without policies', () => {
  for (const connection of forbidden) expect(reach(connection, [])).toBe(true);
  expect(policies.length).toBeGreaterThan(10);
});

test('a pod of the release that no line speaks of reaches nothing, and is reached by nobody', () => {
  const { namespace, labels } = podOf('vexa', 'redis') as Exclude<End, { address: string }>;
  const unknown: End = { namespace, labels: { ...labels, 'app.kubernetes.io/component': 'new' } };
  for (const other of Object.values(ends)) {
    expect(mayReach(policies, { from: unknown, to: other, port: 443 })).toBe(false);
    expect(mayReach(policies, { from: other, to: unknown, port: 8000 })).toBe(false);
  }
});

test('no egress to private addresses is open to bots unless it is asked for', async () => {
  const plain = (await render('vexa', { values: { 'bots.namespace': bots } })).filter(
    ({ kind }) => kind === 'NetworkPolicy',
  );
  for (const address of ['10.0.0.1', '172.20.1.1', '192.168.7.9', '100.100.1.1', '127.0.0.1', 'fd00::1', 'fe80::1']) {
    expect(mayReach(plain, { from: end('bot'), to: { address }, port: 443 }), address).toBe(false);
  }
});

test('with a model in the image and receivers of webhooks in the cluster, exactly those are reached', async () => {
  const own = (
    await render('vexa', {
      values: {
        'whisperlive.modelStorage.kind': 'image',
        'networkPolicy.clients': [{ ipBlock: { cidr: '35.191.0.0/16' } }],
        'networkPolicy.apiServer.cidrs': ['10.96.0.1/32'],
        'networkPolicy.webhooksAlsoReach': [
          {
            to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'retailer' } } }],
            ports: [8056],
          },
        ],
      },
    })
  ).filter(({ kind }) => kind === 'NetworkPolicy');
  expect(reach(['whisperlive', 'internet', 443], own)).toBe(false);
  expect(reach(['bot-manager', 'retailer', 8056], own)).toBe(true);
  expect(reach(['bot-manager', 'retailer', 8057], own)).toBe(false);
  expect(reach(['internet', 'api-gateway', 8000], own)).toBe(false);
  expect(mayReach(own, { from: { address: '35.191.1.1' }, to: end('api-gateway'), port: 8000 })).toBe(true);
});
