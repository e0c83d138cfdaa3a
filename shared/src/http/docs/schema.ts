/** The part of JSON Schema that the document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  example?: unknown;
  default?: unknown;
  format?: string;
  minimum?: number;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

export type Schemas = Record<string, Schema>;

const deepest = 8;

const samplesByFormat: Record<string, string> = {
  uri: 'https://example.com',
  email: 'ann@example.com',
  'date-time': '2026-08-01T09:00:00.000Z',
  uuid: '5f0c3a52-6a7e-4f5e-9a59-0e4f5b0d9a11',
};

/** A value as the schema wants it, to start from. */
export function sample(schema: Schema | undefined, schemas: Schemas, depth = 0): unknown {
  if (!schema || depth > deepest) return null;
  if (schema.$ref) return sample(schemas[schema.$ref.split('/').at(-1) ?? ''], schemas, depth + 1);
  const given = schema.example ?? schema.const ?? schema.default ?? schema.enum?.[0];
  if (given !== undefined) return given;
  const options = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (options) return sample(options[0], schemas, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' || schema.properties) {
    const fields = Object.entries(schema.properties ?? {});
    return Object.fromEntries(fields.map(([name, field]) => [name, sample(field, schemas, depth + 1)]));
  }
  if (type === 'array') return [sample(schema.items, schemas, depth + 1)];
  if (type === 'string') return samplesByFormat[schema.format ?? ''] ?? '';
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  return null;
}

/** Only what must be given, to be sent as it is. */
export function smallestSample(schema: Schema | undefined, schemas: Schemas): unknown {
  const named = schema?.$ref ? schemas[schema.$ref.split('/').at(-1) ?? ''] : schema;
  if (!named?.properties || !named.required) return sample(named, schemas);
  const required = Object.entries(named.properties).filter(([name]) => named.required?.includes(name));
  return Object.fromEntries(required.map(([name, field]) => [name, sample(field, schemas)]));
}
