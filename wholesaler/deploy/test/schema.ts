import { dumpYaml, loadYaml } from '@kubernetes/client-node';
import { parse } from 'yaml';
import type { KubeObject } from './render.ts';

/** Where the schemas of a group are, where that is not kubernetes-models itself. */
const customGroups: Record<string, string> = { 'monitoring.coreos.com': '@kubernetes-models/prometheus-operator' };

/** Kinds of clouds, whose schemas no package has: they are compared as a whole where they are tested. */
const unchecked = new Set(['cloud.google.com/v1 BackendConfig']);

/** Whatever is wrong with an object: missing and mistyped fields, and those that no version of Kubernetes knows. */
export async function mistakesIn(object: KubeObject): Promise<string[]> {
  const { apiVersion, kind } = object;
  const name = `${apiVersion} ${kind}`;
  if (unchecked.has(name)) return [];
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const custom = customGroups[group ?? ''];
  const module = await import(`${custom ?? 'kubernetes-models'}/${apiVersion}/${kind}`);
  try {
    new module[kind](object).validate();
  } catch (error) {
    return [`${kind} ${object.metadata.name}: ${(error as Error).message}`];
  }
  if (custom) return [];
  return unknownFields(object).map((field) => `${kind} ${object.metadata.name}: no field ${field}`);
}

/** Fields that a client of Kubernetes drops, because the kind has none of that name. */
const unknownFields = (object: KubeObject): string[] =>
  missing(object, parse(dumpYaml(loadYaml(JSON.stringify(object)))), '');

function missing(wanted: unknown, known: unknown, path: string): string[] {
  if (wanted === null || typeof wanted !== 'object') return [];
  return Object.entries(wanted).flatMap(([key, value]) => {
    const kept = (known as Record<string, unknown> | undefined)?.[key];
    return kept === undefined && value !== null ? [`${path}.${key}`] : missing(value, kept, `${path}.${key}`);
  });
}
