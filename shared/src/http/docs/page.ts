/// <reference lib="dom" />
import { create, type Operation, showOperation } from './operation.ts';
import type { Schemas } from './schema.ts';

interface Document {
  info: { title: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Schemas };
}

const fieldValue = (id: string): string => {
  const input = document.getElementById(id);
  return input instanceof HTMLInputElement ? input.value.trim() : '';
};

function keyHeaders({ security }: Operation): Record<string, string> {
  const isAdmin = security?.some((scheme) => 'AdminKey' in scheme);
  const value = fieldValue(isAdmin ? 'admin-key' : 'api-key');
  return security && value ? { [isAdmin ? 'X-Admin-API-Key' : 'X-API-Key']: value } : {};
}

function setText(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element) element.textContent = text;
}

function show({ info, paths, components }: Document): void {
  document.title = `${info.title} API`;
  setText('title', `${info.title} API`);
  setText('description', (info.description ?? '').replaceAll('`', ''));
  const sections = new Map<string, HTMLElement>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'Other';
      const section = sections.get(tag) ?? create('section', {});
      if (!sections.has(tag)) section.append(create('h2', { textContent: tag }));
      sections.set(tag, section);
      section.append(showOperation({ method, path, operation, schemas: components?.schemas ?? {}, keyHeaders }));
    }
  }
  document.getElementById('operations')?.replaceChildren(...sections.values());
}

try {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  show((await response.json()) as Document);
} catch (error) {
  setText('operations', `The description could not be loaded (${String(error)}). Reload to try again.`);
}
