import type { JsonSchema } from '@jobstream/client';

/** How a value of a schema is entered. */
export type Field =
  | { readonly kind: 'text'; readonly long: boolean }
  | { readonly kind: 'number'; readonly integer: boolean }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly options: readonly unknown[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
  | { readonly kind: 'list'; readonly items: JsonSchema }
  | { readonly kind: 'alternatives'; readonly schemas: readonly JsonSchema[] }
  /** What has no form of its own is written as JSON. */
  | { readonly kind: 'json' };

interface Member {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

type Keywords = Exclude<JsonSchema, boolean>;

/** Beyond it a schema is written as JSON: it may refer to itself. */
const MAX_DEPTH = 6;
/** A text that may be longer gets a field of several lines, if it has such a limit. */
const LONG_TEXT = 1_000;

/** Chooses how a value of `schema` is entered. `root` is what `$ref` refers into, `depth` how deep the value lies. */
export function fieldOf(schema: JsonSchema, root: JsonSchema, depth = 0): Field {
  const keywords = resolved(schema, root);
  if (keywords === undefined || depth > MAX_DEPTH) return { kind: 'json' };
  const { enum: options, anyOf, oneOf } = keywords;
  if ('const' in keywords) return { kind: 'choice', options: [keywords['const']] };
  if (Array.isArray(options)) return { kind: 'choice', options };
  const alternatives = anyOf ?? oneOf;
  if (Array.isArray(alternatives)) return alternativesOf(alternatives as readonly JsonSchema[], root, depth);
  return fieldOfType(keywords);
}

function fieldOfType(keywords: Keywords): Field {
  switch (typeOf(keywords)) {
    case 'string': {
      const { maxLength } = keywords;
      return { kind: 'text', long: typeof maxLength === 'number' && maxLength > LONG_TEXT };
    }
    case 'integer':
      return { kind: 'number', integer: true };
    case 'number':
      return { kind: 'number', integer: false };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return 'prefixItems' in keywords
        ? { kind: 'json' }
        : { kind: 'list', items: (keywords['items'] ?? true) as JsonSchema };
    case 'object':
      return objectOf(keywords);
    default:
      return { kind: 'json' };
  }
}

/** An object without named members may have any, which only JSON can say. */
function objectOf({ properties, required }: Keywords): Field {
  const members = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
  if (members.length === 0) return { kind: 'json' };
  const names = new Set(Array.isArray(required) ? required : []);
  return { kind: 'object', members: members.map(([name, schema]) => ({ name, schema, required: names.has(name) })) };
}

function alternativesOf(schemas: readonly JsonSchema[], root: JsonSchema, depth: number): Field {
  const [first, ...others] = schemas.filter((schema) => typeOf(resolved(schema, root) ?? {}) !== 'null');
  if (first === undefined) return { kind: 'json' };
  return others.length === 0 ? fieldOf(first, root, depth + 1) : { kind: 'alternatives', schemas: [first, ...others] };
}

/** Which of some alternatives a value is entered as: the first of its type, or the first. */
export function alternativeOf(schemas: readonly JsonSchema[], root: JsonSchema, value: unknown): number {
  const types = typesOf(value);
  const found = schemas.findIndex((schema) => types.includes(typeOf(resolved(schema, root) ?? {})));
  return Math.max(found, 0);
}

function typesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return [typeof value];
}

/** The type of a value that is not null. */
function typeOf({ type }: Keywords): unknown {
  return Array.isArray(type) ? (type.find((one) => one !== 'null') as unknown) : type;
}

/** Follows `$ref` into the same schema; undefined for what says nothing, or refers elsewhere. */
export function resolved(schema: JsonSchema | undefined, root: JsonSchema): Keywords | undefined {
  let found: unknown = schema;
  for (let steps = 0; steps < MAX_DEPTH; steps += 1) {
    if (typeof found !== 'object' || found === null) return undefined;
    const { $ref } = found as Keywords;
    if (typeof $ref !== 'string') return found as Keywords;
    found = at(root, $ref);
  }
  return undefined;
}

/** The part of a schema at `#/…`. */
function at(root: JsonSchema, reference: string): unknown {
  if (!reference.startsWith('#')) return undefined;
  const names = reference
    .slice(1)
    .split('/')
    .slice(1)
    .map((name) => decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], root);
}

/** What a form begins with: the defaults that the schema names. */
export function initialValue(schema: JsonSchema, root: JsonSchema, depth = 0): unknown {
  const keywords = resolved(schema, root);
  if (keywords !== undefined && 'default' in keywords) return keywords['default'];
  const field = fieldOf(schema, root, depth);
  if (field.kind !== 'object') return undefined;
  const members = field.members.map(({ name, schema: own }) => [name, initialValue(own, root, depth + 1)] as const);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}
