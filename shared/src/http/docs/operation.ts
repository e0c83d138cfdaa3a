/// <reference lib="dom" />
import { type Schema, type Schemas, sample, smallestSample } from './schema.ts';

interface Content {
  content?: Record<string, { schema?: Schema; example?: unknown }>;
}

export interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content & { description?: string }>;
}

export interface Place {
  method: string;
  path: string;
  operation: Operation;
  schemas: Schemas;
  keyHeaders: (operation: Operation) => Record<string, string>;
}

/** One route: what it takes and answers, and a form that tries it. */
export function showOperation(place: Place): HTMLElement {
  const { method, path, operation, schemas } = place;
  const summary = create('summary', {});
  summary.append(
    create('span', { className: `method ${method}`, textContent: method.toUpperCase() }),
    create('code', { textContent: path }),
    create('span', { textContent: operation.summary ?? '' }),
  );
  const content = create('div', {});
  content.append(tryForm(place), create('h3', { textContent: 'Answers' }), answers(operation, schemas));
  const details = create('details', {});
  details.append(summary, content);
  return details;
}

function answers({ responses }: Operation, schemas: Schemas): HTMLElement {
  const list = create('ul', {});
  for (const [status, response] of Object.entries(responses)) {
    const item = create('li', { textContent: `${status} ${(response.description ?? '').replaceAll('`', '')}` });
    const schema = response.content?.['application/json']?.schema;
    if (schema) item.append(create('pre', { textContent: pretty(sample(schema, schemas)) }));
    list.append(item);
  }
  return list;
}

function tryForm(place: Place): HTMLElement {
  const { operation, schemas } = place;
  const form = create('form', {});
  const fields = create('div', { className: 'fields' });
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const input = create('input', { required: parameter.required === true, autocomplete: 'off' });
    if (parameter.schema?.enum) input.placeholder = parameter.schema.enum.join(' | ');
    const label = create('label', { textContent: `${parameter.name} (${parameter.in})` });
    label.append(input);
    fields.append(label);
    return { parameter, input };
  });
  const { schema, example } = operation.requestBody?.content?.['application/json'] ?? {};
  const body = schema && create('textarea', { rows: 8, spellcheck: false });
  const output = create('pre', { hidden: true });
  form.append(fields);
  if (body) {
    body.value = pretty(example ?? smallestSample(schema, schemas));
    const all = create('pre', { textContent: pretty(sample(schema, schemas)) });
    const label = create('label', { textContent: 'Body' });
    label.append(body);
    form.append(label, create('h3', { textContent: 'Every field it may have' }), all);
  }
  form.append(create('button', { textContent: 'Send' }), output);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    output.hidden = false;
    output.textContent = 'Waiting…';
    void send(place, inputs, body?.value).then((text) => {
      output.textContent = text;
    });
  });
  return form;
}

interface Input {
  parameter: { name: string; in: string };
  input: HTMLInputElement;
}

async function send(place: Place, inputs: Input[], body: string | undefined): Promise<string> {
  let path = place.path;
  const query = new URLSearchParams();
  for (const { parameter, input } of inputs) {
    if (parameter.in === 'path') path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === 'query' && input.value !== '') query.set(parameter.name, input.value);
  }
  const headers = place.keyHeaders(place.operation);
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    const url = query.size > 0 ? `${path}?${query}` : path;
    const init = { method: place.method.toUpperCase(), headers, ...(body === undefined ? {} : { body }) };
    const response = await fetch(url, init);
    return `${response.status} ${response.statusText}\n\n${readable(await response.text())}`;
  } catch (error) {
    return String(error);
  }
}

function readable(text: string): string {
  try {
    return pretty(JSON.parse(text));
  } catch {
    return text; // not JSON: shown as it came
  }
}

const pretty = (value: unknown): string => JSON.stringify(value, null, 2);

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]>,
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), properties);
}
