import * as fc from 'fast-check';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Values that break careless code. */
const NASTY: readonly unknown[] = [
  null,
  '',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  '💥'.repeat(200),
  'x'.repeat(5_000),
  -0,
  -1,
  1e308,
  Number.MAX_SAFE_INTEGER,
  0.1,
  [],
  {},
  [[]],
  { toString: 1, hasOwnProperty: 2 },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  JSON.parse(`${'['.repeat(70)}1${']'.repeat(70)}`),
];

/** Any JSON value, sometimes one that breaks careless code. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
);

/** A value that a schema of the document allows, as far as it says. */
export function arbitraryValue(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { examples, enum: values, anyOf, allOf } = schema;
  if (Array.isArray(values)) return fc.constantFrom(...(values as unknown[]));
  if (Array.isArray(anyOf)) return fc.oneof(...(anyOf as JsonSchema[]).map(arbitraryValue));
  if (Array.isArray(allOf)) return arbitraryValue(Object.assign({}, ...(allOf as JsonSchema[])) as JsonSchema);
  const made = ofType(schema);
  return Array.isArray(examples) ? fc.oneof(made, fc.constantFrom(...(examples as unknown[]))) : made;
}

/** A value that the schema allows, the same with a part replaced by something else, or anything at all. */
export function nearlyValid(schema: JsonSchema): fc.Arbitrary<unknown> {
  const valid = arbitraryValue(schema);
  return fc.oneof(
    { weight: 6, arbitrary: valid },
    {
      weight: 3,
      arbitrary: fc.tuple(valid, fc.nat(20), anyJson).map(([value, place, part]) => withPart(value, place, part)),
    },
    { weight: 1, arbitrary: anyJson },
  );
}

function ofType(schema: JsonSchema): fc.Arbitrary<unknown> {
  switch (schema['type']) {
    case 'string':
      return text(schema);
    case 'integer':
      return integer(schema);
    case 'number':
      return fc.double({ min: numberOr(schema['minimum'], -1e6), max: numberOr(schema['maximum'], 1e6), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitraryValue((schema['items'] ?? {}) as JsonSchema), {
        minLength: numberOr(schema['minItems'], 0),
        maxLength: Math.min(numberOr(schema['maxItems'], 5), 5),
      });
    case 'object':
      return object(schema);
    default:
      return anyJson;
  }
}

function text({ pattern, format, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date-time') return instant;
  if (format === 'uuid') return fc.uuid();
  if (typeof pattern === 'string') return matching(pattern);
  return fc.string({ minLength: numberOr(minLength, 0), maxLength: Math.min(numberOr(maxLength, 100), 100) });
}

const instant = fc
  .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());

function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'));
  } catch {
    return fc.string({ minLength: 1, maxLength: 50 }); // classes of characters by their property are beyond it
  }
}

function integer({ minimum, maximum }: JsonSchema): fc.Arbitrary<number> {
  const [min, max] = [numberOr(minimum, -1_000), numberOr(maximum, 1_000_000)];
  return fc.oneof(fc.integer({ min, max: Math.min(max, min + 1_000) }), fc.constantFrom(min, max));
}

function object({ properties = {}, required = [], additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => [
    name,
    arbitraryValue(schema),
  ]);
  if (fields.length === 0 && additionalProperties !== false) return fc.dictionary(fc.string(), anyJson, { maxKeys: 3 });
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required as string[],
    noNullPrototype: true,
  });
}

/** Replaces a part of a value; place 0 is the whole. */
function withPart(value: unknown, place: number, part: unknown): unknown {
  if (place === 0 || typeof value !== 'object' || value === null) return part;
  const keys = Object.keys(value);
  const key = keys[place % (keys.length + 1)];
  if (key === undefined) return { ...value, unexpected: part };
  const changed = withPart((value as Record<string, unknown>)[key], Math.floor(place / (keys.length + 1)), part);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
