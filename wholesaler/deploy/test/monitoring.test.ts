import { readFileSync } from 'node:fs';
import { measureLifecycle } from '@vexa/bot-manager/metrics/lifecycle-metrics';
import { countDrift, watchRetailer } from '@vexa/retailer/metrics';
import { createMetrics } from '@vexa/shared/http/metrics';
import { type LiveServer, watchLiveSockets } from '@vexa/shared/live/live-server';
import { measureOutbox } from '@vexa/shared/webhooks/outbox-metrics';
import { createCollectorMetrics, watchFollowers } from '@vexa/transcription-collector/metrics';
import { createMetrics as createWhisperliveMetrics } from '@vexa/whisperlive/metrics/metrics';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { uid: string };
  targets?: { refId: string; expr: string; legendFormat: string }[];
}

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const { groups } = parse(read('monitoring/rules.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert);
const boards = ['wholesaler', 'retailer'].map((name) => ({
  name,
  board: JSON.parse(read(`monitoring/grafana/${name}.json`)) as { uid: string; title: string; panels: Panel[] },
}));

/** What the services export, and the labels beside those of Prometheus; nothing is asked of a database for that. */
function exported(): Map<string, Set<string>> {
  const nowhere = {} as never;
  const service = createMetrics('any');
  const retailer = createMetrics('retailer');
  const whisperlive = createWhisperliveMetrics();
  measureOutbox(service.registry, nowhere);
  measureLifecycle(service.registry, nowhere);
  createCollectorMetrics(service, nowhere);
  watchFollowers(service, nowhere);
  watchLiveSockets(service, {} as LiveServer);
  watchRetailer(retailer, nowhere);
  countDrift(retailer);
  whisperlive.watchQueue(() => ({ final: 0, draft: 0, file: 0 }));
  whisperlive.watchLoad(() => 0);
  const names = new Map([['up', new Set<string>()]]);
  // What a service watches of its own parts is registered where they are put together.
  const put = readFileSync(new URL(import.meta.resolve('@vexa/bot-manager/service')), 'utf8');
  for (const [, name = ''] of put.matchAll(/watchGauge\(\w+\.registry, '(\w+)'/g))
    names.set(name, new Set(['service']));
  for (const registry of [service.registry, retailer.registry, whisperlive.registry]) {
    for (const metric of registry.getMetricsAsArray()) {
      const labels = new Set((metric as unknown as { labelNames: string[] }).labelNames);
      if (registry !== whisperlive.registry) labels.add('service');
      const isHistogram = registry.getSingleMetric(metric.name)?.constructor.name === 'Histogram';
      const endings = isHistogram ? ['_bucket', '_sum', '_count'] : [''];
      for (const ending of endings) names.set(metric.name + ending, labels);
    }
  }
  for (const { record, expr } of rules)
    if (record) names.set(record, new Set(/by \(([\w, ]+)\)/.exec(expr)?.[1]?.split(', ')));
  return names;
}

const prometheusLabels = ['job', 'instance', 'le'];
const metricName = /\b(?:up|(?:vexa|whisperlive|nodejs|process)[\w:]*)\b/g;

/** The metrics of an expression, each with the labels that it is selected by. */
function selectors(expr: string): { name: string; labels: string[] }[] {
  const withoutLabels = expr.replaceAll(/\{[^}]*\}/g, '').replaceAll(/by \([^)]*\)/g, '');
  const names = withoutLabels.match(metricName) ?? [];
  return names.map((name) => {
    const chosen = new RegExp(`${name}\\{([^}]*)\\}`).exec(expr)?.[1] ?? '';
    return { name, labels: [...chosen.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label = '']) => label) };
  });
}

const expressions = [
  ...rules.map(({ alert, record, expr }) => ({ where: alert ?? record ?? '', expr })),
  ...boards.flatMap(({ name, board }) =>
    board.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${name}: ${title}`, expr })),
    ),
  ),
];

test('alerts and dashboards ask only for figures and labels that are exported', () => {
  const known = exported();
  const unknown = expressions.flatMap(({ where, expr }) =>
    selectors(expr).flatMap(({ name, labels }) => {
      const own = known.get(name);
      const wrong = labels.filter((label) => !own?.has(label) && !prometheusLabels.includes(label));
      return own && wrong.length === 0 ? [] : [{ where, name, wrong }];
    }),
  );
  expect(unknown).toEqual([]);
  expect(expressions.every(({ expr }) => selectors(expr).length > 0)).toBe(true);
});

test('each alert says what is wrong, how bad that is, and what to do about it', () => {
  const runbook = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8');
  for (const { alert, labels, annotations } of alerts) {
    expect(labels?.severity, alert).toMatch(/^(critical|warning)$/);
    expect(annotations?.summary, alert).toBeTruthy();
    expect(runbook, alert).toMatch(new RegExp(`^### ${alert}$`, 'm'));
  }
  const described = [...runbook.matchAll(/^### ([A-Z]\w+)$/gm)].map(([, name]) => name);
  expect(described.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

test.each(boards)('the dashboard of the $name can be drawn', ({ board }) => {
  const { panels } = board;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { type, title, targets = [], gridPos, datasource } of panels) {
    expect(title).toBeTruthy();
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    if (type === 'row') continue;
    expect(datasource?.uid, title).toBe(['$', '{datasource}'].join(''));
    expect(targets.length, title).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    const inSameCell = panels.filter(
      (other) =>
        other.gridPos.y === gridPos.y &&
        other.gridPos.x < gridPos.x + gridPos.w &&
        gridPos.x < other.gridPos.x + other.gridPos.w,
    );
    expect(inSameCell, title).toHaveLength(1);
  }
});
