import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { kubeTools } from './kube-tools.ts';

const run = promisify(execFile);

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a shape of its own, which schema.ts checks
  [field: string]: any;
}

const folder = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The charts, each with what it does not render without. */
export const charts = {
  vexa: {
    path: folder('wholesaler/deploy/helm/vexa'),
    namespace: 'vexa',
    required: { existingSecret: 'vexa-secrets' },
  },
  'vexa-retailer': {
    path: folder('retailer/deploy/helm/vexa-retailer'),
    namespace: 'retailer',
    required: { existingSecret: 'retailer-secrets', wholesalerUrl: 'http://vexa-api-gateway.vexa.svc:8000' },
  },
};
export type Chart = keyof typeof charts;
export const chartNames = Object.keys(charts) as Chart[];

/** Files of values that come with a chart, by their names. */
export async function examplesOf(chart: Chart): Promise<[name: string, path: string][]> {
  const examples = `${charts[chart].path}/examples`;
  const names = (await readdir(examples)).filter((name) => name.endsWith('.values.yaml'));
  return names.sort().map((name) => [name, `${examples}/${name}`]);
}

/** Rejects with what helm says. */
export async function helm(...args: string[]): Promise<string> {
  const { helm } = await kubeTools();
  // Of the library, which is a link: it says so each time.
  const { stdout } = await run(helm, args, { maxBuffer: 64e6, env: { ...process.env, HELM_DEBUG: 'false' } });
  return stdout;
}

interface Rendering {
  values?: Record<string, unknown>;
  files?: string[];
  /** Without the required values. */
  bare?: boolean;
}

/** What a release `vexa` or `vexa-retailer` of the chart consists of. */
export async function render(chart: Chart, { values = {}, files = [], bare = false }: Rendering = {}) {
  const { path, namespace, required } = charts[chart];
  const set = Object.entries({ ...(bare ? {} : required), ...values }).flatMap(([name, value]) => [
    '--set-json',
    `${name}=${JSON.stringify(value)}`,
  ]);
  return parseObjects(
    await helm(
      'template',
      chart,
      path,
      '--namespace',
      namespace,
      ...files.flatMap((file) => ['--values', file]),
      ...set,
    ),
  );
}

export const parseObjects = (yaml: string): KubeObject[] =>
  parseAllDocuments(yaml).flatMap((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.contents ? [document.toJS() as KubeObject] : [];
  });

/** The pods that an object makes, with the labels they have. */
export function podsOf({ kind, spec }: KubeObject) {
  if (!['Deployment', 'StatefulSet', 'Job'].includes(kind)) return [];
  return [{ labels: spec.template.metadata.labels as Record<string, string>, spec: spec.template.spec }];
}
