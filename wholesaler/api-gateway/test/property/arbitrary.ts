import fc from 'fast-check';

/** As much of JSON Schema as OpenAPI documents of ours use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  example?: unknown;
  default?: unknown;
}

export type Resolve = (ref: string) => Schema;

const deepest = 6;
/** What breaks careless code: NUL, half surrogates, other scripts, markup, SQL, paths, long, and looks like numbers. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '👩‍👩‍👧',
  'ﷺ\u202e',
  "'; drop table users;--",
  '<script>',
  '../../etc/passwd',
  '%00',
  '{{7*7}}',
  'x'.repeat(5_000),
  '-1',
  '1e400',
  'NaN',
  'null',
  '__proto__',
  '2147483648',
);
const anyString = fc.oneof(nasty, fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }));
const anyNumber = fc.oneof(
  fc.constantFrom(0, -1, 1, 0.5, 2_147_483_647, 2_147_483_648, Number.MAX_SAFE_INTEGER, 1e308),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anything = fc.oneof(
  { depthSize: 'small' },
  anyString,
  anyNumber,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(null),
);

/** Values that mostly fit the schema; now and then one part of them is anything at all. */
export function arbitraryOf(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const fitting = fittingOf(schema, resolve, depth);
  const example = schema.example === undefined ? [] : [{ weight: 4, arbitrary: fc.constant(schema.example) }];
  return fc.oneof({ weight: 8, arbitrary: fitting }, ...example, { weight: 1, arbitrary: anything });
}

function fittingOf(schema: Schema, resolve: Resolve, depth: number): fc.Arbitrary<unknown> {
  if (depth > deepest) return fc.constant(null);
  const inner = (part: Schema) => arbitraryOf(part, resolve, depth + 1);
  if (schema.$ref) return arbitraryOf(resolve(schema.$ref), resolve, depth);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(inner));
  if (schema.allOf) return inner(mergeAll(schema.allOf, resolve));
  const types = [schema.type ?? (schema.properties ? 'object' : 'any')].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, inner)));
}

function ofType(type: string, schema: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  switch (type) {
    case 'string':
      return stringOf(schema);
    case 'integer':
      return fc.integer({ min: boundOf(schema, -1_000), max: Math.max(boundOf(schema, 0), schema.maximum ?? 1_000) });
    case 'number':
      return anyNumber;
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(inner(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 4 });
    case 'object':
      return objectOf(schema, inner);
    default:
      return anything;
  }
}

const boundOf = (schema: Schema, fallback: number): number => schema.minimum ?? schema.exclusiveMinimum ?? fallback;

function stringOf({ format, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  const plain = fc.string({
    minLength: Math.min(minLength, 60),
    maxLength: Math.max(minLength, Math.min(maxLength, 60)),
  });
  switch (format) {
    case 'email':
      return fc.oneof(fc.emailAddress(), plain);
    case 'uri':
      return fc.oneof(fc.webUrl(), plain);
    case 'date-time':
      return fc.oneof(
        fc
          .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        plain,
      );
    case 'uuid':
      return fc.oneof(fc.uuid(), plain);
    default:
      return plain;
  }
}

function objectOf(schema: Schema, inner: (part: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const entries = Object.entries(schema.properties ?? {});
  const known = fc.record(Object.fromEntries(entries.map(([name, part]) => [name, inner(part)])), {
    requiredKeys: schema.required ?? [],
  });
  const more =
    schema.additionalProperties === false ? fc.constant({}) : fc.dictionary(anyString, anything, { maxKeys: 2 });
  return fc
    .tuple(known, fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: more }))
    .map(([fields, extra]) => ({ ...extra, ...fields }));
}

function mergeAll(parts: Schema[], resolve: Resolve): Schema {
  const all = parts.map((part) => (part.$ref ? resolve(part.$ref) : part));
  return {
    type: 'object',
    properties: Object.assign({}, ...all.map((part) => part.properties)),
    required: all.flatMap((part) => part.required ?? []),
  };
}
