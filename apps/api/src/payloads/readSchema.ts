import { isObject } from '@jobstream/domain';
import { type Meter, SchemaNode } from './schemaNode.ts';

/** Limits of a schema. It is read once for each announcement, and evaluated for each payload. */
const MAX_CHARS = 65_536;
const MAX_DEPTH = 32;
const MAX_NODES = 2_000;

/** Keywords that are not checked: they would run regular expressions of the schema, or compare every item with every other. */
const UNCHECKED = /"(?:pattern|patternProperties|uniqueItems|format|\$dynamicRef|\$recursiveRef)":/;

/** Formats whose check takes time in proportion to the text, and accepts what the usual libraries accept. */
const FORMATS: ReadonlySet<string> = new Set(['date', 'date-time', 'email', 'ipv4', 'ipv6', 'uri', 'uuid']);

/** Thrown for a schema that cannot be used; the message says why, and where. */
export class UnusableSchemaError extends Error {
  readonly code = 'SCHEMA_UNUSABLE';

  constructor(message: string) {
    super(message);
    this.name = 'UnusableSchemaError';
  }
}

type Read = (value: unknown, place: string, reader: SchemaReader) => unknown;

const schema: Read = (value, place, reader) => reader.read(value, place);

const schemas: Read = (value, place, reader) =>
  arrayOf(value, place).map((item, index) => reader.read(item, `${place}/${index}`));

const schemasByName: Read = (value, place, reader) =>
  byName(value, place, (item, name) => reader.read(item, `${place}/${name}`));

const texts: Read = (value, place) => {
  const items = arrayOf(value, place);
  if (!items.every((item) => typeof item === 'string')) throw unusable(place, 'an array of texts');
  return items;
};

const textsByName: Read = (value, place, reader) =>
  byName(value, place, (item, name) => texts(item, `${place}/${name}`, reader));

const number: Read = (value, place) => {
  if (typeof value !== 'number') throw unusable(place, 'a number');
  return value;
};

const count: Read = (value, place) => {
  if (!Number.isInteger(value) || Number(value) < 0) throw unusable(place, 'a whole number');
  return value;
};

const type: Read = (value, place, reader) => (typeof value === 'string' ? value : texts(value, place, reader));

const reference: Read = (value, place) => {
  if (typeof value !== 'string') throw unusable(place, 'a text');
  if (value !== '#' && !value.startsWith('#/')) throw new UnusableSchemaError(`${place} refers to another document`);
  return value;
};

const anything: Read = (value) => value;

/** The keywords that are checked, by how they are read. All others are dropped. */
const keywords: ReadonlyMap<string, Read> = new Map(
  (
    [
      [
        schema,
        'not if then else additionalProperties unevaluatedProperties propertyNames items unevaluatedItems contains',
      ],
      [schemas, 'allOf anyOf oneOf prefixItems'],
      [schemasByName, '$defs definitions properties dependentSchemas'],
      [texts, 'required'],
      [textsByName, 'dependentRequired'],
      [number, 'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'],
      [count, 'minLength maxLength minItems maxItems minContains maxContains minProperties maxProperties'],
      [type, 'type'],
      [reference, '$ref'],
      [arrayOf, 'enum'],
      [anything, 'const format'],
    ] as const
  ).flatMap(([read, names]) => names.split(' ').map((name) => [name, read] as const)),
);

/** The schema `false`: the validator does not count evaluations of booleans. */
const NOTHING = { enum: [] };
const OF_EACH: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'propertyNames']);

/**
 * Reads an announced JSON Schema (2020-12) into nodes that count their evaluations, without what is not checked.
 *
 * @throws UnusableSchemaError
 */
export function readSchema(announced: unknown, meter: Meter): SchemaNode {
  const text = JSON.stringify(announced);
  if (text.length > MAX_CHARS) throw new UnusableSchemaError(`it has more than ${MAX_CHARS} characters`);
  return new SchemaReader(meter, text).read(announced, '');
}

class SchemaReader {
  readonly #meter: Meter;
  /** Whether parts of the schema are not checked: then these accept more than they should. */
  readonly #isLenient: boolean;
  readonly #hasPatterns: boolean;
  readonly #hasUnevaluated: boolean;
  #nodes = 0;
  #depth = 0;

  constructor(meter: Meter, text: string) {
    this.#meter = meter;
    this.#isLenient = UNCHECKED.test(text);
    this.#hasPatterns = text.includes('"patternProperties":');
    this.#hasUnevaluated = text.includes('"unevaluated');
  }

  read(value: unknown, place: string): SchemaNode {
    if (typeof value === 'boolean') return new SchemaNode(value ? {} : NOTHING, this.#meter);
    if (!isObject(value)) throw unusable(place, 'a schema');
    if (++this.#nodes > MAX_NODES) throw new UnusableSchemaError(`it has more than ${MAX_NODES} subschemas`);
    if (++this.#depth > MAX_DEPTH) throw new UnusableSchemaError(`it is nested deeper than ${MAX_DEPTH} levels`);
    const read: Record<string, unknown> = {};
    for (const [keyword, part] of Object.entries(this.#checkable(value))) {
      const made = keywords.get(keyword)?.(part, `${place}/${keyword}`, this);
      if (!this.#saysNothing(keyword, made)) read[keyword] = made;
    }
    this.#depth--;
    return new SchemaNode(read, this.#meter);
  }

  /** Leaves out what is not checked, and what would refuse right payloads because of that. */
  #checkable(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const known = Object.fromEntries(Object.entries(value).filter(([keyword]) => keywords.has(keyword)));
    if (this.#isLenient) this.#loosen(known, value);
    return known;
  }

  /** Evaluating a schema that accepts everything for each of thousands of items would take all of the budget. */
  #saysNothing(keyword: string, made: unknown): boolean {
    return OF_EACH.has(keyword) && !this.#hasUnevaluated && Object.keys(made as object).length === 0;
  }

  #loosen(known: Record<string, unknown>, { patternProperties, pattern }: Readonly<Record<string, unknown>>): void {
    for (const keyword of ['not', 'if', 'then', 'else', 'maxContains']) delete known[keyword];
    if (this.#hasPatterns) delete known['unevaluatedProperties'];
    if (patternProperties !== undefined) delete known['additionalProperties'];
    if (known['oneOf'] !== undefined) known['anyOf'] ??= known['oneOf'];
    delete known['oneOf'];
    if (!isCheckedFormat(known['format'], pattern)) delete known['format'];
  }
}

/** Libraries write `date-time` for local times as well, and then give a pattern that tells the difference. */
function isCheckedFormat(format: unknown, pattern: unknown): boolean {
  return FORMATS.has(String(format)) && !(format === 'date-time' && pattern !== undefined);
}

function byName(value: unknown, place: string, read: (item: unknown, name: string) => unknown): object {
  if (!isObject(value)) throw unusable(place, 'an object');
  const parts = Object.entries(value).map(([name, item]) => [name, read(item, name)] as const);
  // A field may be named __proto__.
  return Object.assign(Object.create(null) as object, Object.fromEntries(parts));
}

function arrayOf(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unusable(place, 'an array');
  return value;
}

function unusable(place: string, expected: string): UnusableSchemaError {
  return new UnusableSchemaError(`${place === '' ? 'it' : place} must be ${expected}`);
}
