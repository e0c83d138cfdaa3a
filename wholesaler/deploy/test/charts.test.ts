import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartNames, charts, examplesOf, helm, type KubeObject, parseObjects, podsOf, render } from './render.ts';
import { mistakesIn } from './schema.ts';

const mistakes = async (objects: KubeObject[]) => (await Promise.all(objects.map(mistakesIn))).flat();

/** What turns on everything that examples leave out. */
const more = {
  vexa: [
    { 'ingress.enabled': true, 'ingress.controller': 'other', 'whisperlive.modelStorage.kind': 'image' },
    { 'networkPolicy.enabled': false, 'adminApi.autoscaling.enabled': true, 'image.pullSecrets': ['registry'] },
    { 'bots.folders': { diagnosis: true, profile: true, storageClass: 'files' }, 'bots.namespace': 'elsewhere' },
    { 'meetingRoom.enabled': true, 'whisperlive.modelStorage': { kind: 'claim', existingClaim: 'models' } },
  ],
  'vexa-retailer': [
    {
      'serviceMonitor.enabled': true,
      'grafanaDashboards.enabled': true,
      'ingress.enabled': true,
      'ingress.host.tlsSecret': 'tls',
    },
    { 'networkPolicy.enabled': false, 'retailer.affinity': { podAntiAffinity: {} } },
  ],
};

async function* renderings() {
  for (const chart of chartNames) {
    yield { chart, name: 'as it comes', objects: await render(chart) };
    for (const [name, file] of await examplesOf(chart)) {
      yield { chart, name, objects: await render(chart, { files: [file] }) };
    }
    for (const values of more[chart]) {
      yield { chart, name: JSON.stringify(values), objects: await render(chart, { values }) };
    }
  }
}
const all = await Array.fromAsync(renderings());

test.each(chartNames)('%s passes helm lint without a warning, with each example', async (chart) => {
  for (const [, file] of await examplesOf(chart)) {
    expect(await helm('lint', '--strict', charts[chart].path, '--values', file)).toContain('0 chart(s) failed');
  }
});

describe.each(all)('$chart, $name', ({ objects }) => {
  test('every object is what Kubernetes says it is', async () => {
    expect(await mistakes(objects)).toEqual([]);
  });

  test('names are taken once, and everything says whose it is', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { metadata } of objects) {
      expect(metadata.labels?.['app.kubernetes.io/part-of']).toBe('vexa');
      expect(metadata.namespace).toBeTruthy();
    }
  });

  test('every container is probed, bounded, and gains no rights', () => {
    for (const object of objects) {
      for (const { spec } of podsOf(object)) {
        expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
        expect(spec.enableServiceLinks).toBe(false);
        for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
          expect(container.securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory']);
          expect(container.resources.limits.memory).toBeTruthy();
          if (object.kind === 'Job') continue;
          for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
            expect(container[probe], `${object.metadata.name} ${probe}`).toBeTruthy();
          }
        }
      }
    }
  });

  test('whatever refers to something refers to what is there', () => {
    const labels = objects.flatMap(podsOf).map((pod) => pod.labels);
    const selects = (selector: Record<string, string>) =>
      labels.filter((pod) => Object.entries(selector).every(([name, value]) => pod[name] === value)).length;
    const named = (kind: string, name: string) =>
      objects.some((object) => object.kind === kind && object.metadata.name === name);
    for (const { kind, spec, metadata } of objects) {
      if (kind === 'Service') expect(selects(spec.selector), metadata.name).toBe(1);
      if (kind === 'PodDisruptionBudget') expect(selects(spec.selector.matchLabels), metadata.name).toBe(1);
      if (kind === 'HorizontalPodAutoscaler') expect(named('Deployment', spec.scaleTargetRef.name)).toBe(true);
      if (kind === 'Ingress') expect(named('Service', spec.rules[0].http.paths[0].backend.service.name)).toBe(true);
    }
    for (const { spec } of objects.flatMap(podsOf)) {
      if (spec.serviceAccountName) expect(named('ServiceAccount', spec.serviceAccountName)).toBe(true);
    }
  });

  test('secrets come from the Secret that exists, and no other value is one', () => {
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { spec } of objects.flatMap(podsOf)) {
      for (const { name, value } of spec.containers.flatMap((container: { env: unknown }) => container.env)) {
        if (/TOKEN|SECRET|PASSWORD|_KEY/.test(name) && !name.includes('PULL_SECRETS'))
          expect(value, name).toBeUndefined();
      }
    }
  });
});

test('an object with a field that nobody knows, or of the wrong type, is found', async () => {
  const deployment = (await render('vexa')).find(({ kind }) => kind === 'Deployment')!;
  const container = deployment.spec.template.spec.containers[0];
  container.readinesProbe = container.readinessProbe;
  expect(await mistakesIn(deployment)).toEqual([expect.stringContaining('containers.0.readinesProbe')]);
  deployment.spec.replicas = 'two';
  expect(await mistakesIn(deployment)).toEqual([expect.stringContaining('replicas must be integer')]);
});

test('alerts and dashboards are those of the files, brackets included', async () => {
  const on = { 'prometheusRule.enabled': true, 'grafanaDashboards.enabled': true };
  const [wholesaler, retailer] = await Promise.all([
    render('vexa', { values: on }),
    render('vexa-retailer', { values: { 'grafanaDashboards.enabled': true } }),
  ]);
  const monitoring = (path: string) => readFile(new URL(`../monitoring/${path}`, import.meta.url), 'utf8');
  const only = (objects: KubeObject[], kind: string) => objects.filter((object) => object.kind === kind);
  expect(only(wholesaler, 'PrometheusRule').map(({ spec }) => spec)).toEqual([parse(await monitoring('rules.yml'))]);
  for (const [objects, name] of [
    [wholesaler, 'wholesaler.json'],
    [retailer, 'retailer.json'],
  ] as const) {
    const [{ metadata, data }] = only(objects, 'ConfigMap') as [KubeObject];
    expect(metadata.labels?.grafana_dashboard).toBe('1');
    expect(JSON.parse(data[name])).toEqual(JSON.parse(await monitoring(`grafana/${name}`)));
  }
});

test('jobs are called in Prometheus as the alerts call them', async () => {
  const values = { 'serviceMonitor.enabled': true };
  const monitors = (await Promise.all(chartNames.map((chart) => render(chart, { values }))))
    .flat()
    .filter(({ kind }) => kind === 'ServiceMonitor')
    .map(({ spec }) => [spec.jobLabel, spec.endpoints[0].relabelings?.[0].replacement]);
  expect(monitors).toEqual([
    ['app.kubernetes.io/component', undefined],
    ['app.kubernetes.io/component', 'retailer'],
  ]);
});

test.each([
  ['namespace', 3],
  ['cluster-autoscaler', 2],
  ['bot-folders', 1],
])('k8s/%s.yaml is what Kubernetes says it is', async (name, count) => {
  const objects = parseObjects(await readFile(new URL(`../k8s/${name}.yaml`, import.meta.url), 'utf8'));
  expect(objects).toHaveLength(count);
  expect(await mistakes(objects)).toEqual([]);
});
