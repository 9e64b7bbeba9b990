import { isObject } from '@jobstream/domain';
import * as Schema from 'effect/Schema';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * Converts our schemas into those of OpenAPI 3.1; those with an `identifier` become components.
 *
 * The annotation `jsonSchema` replaces the generated schema, for texts of the query that stand for numbers.
 */
export class JsonSchemas {
  readonly components: Record<string, JsonSchema> = {};
  readonly #taken = new Map<Schema.Constraint, JsonSchema>();
  readonly #sent = new Map<Schema.Constraint, JsonSchema>();

  /** The schema of a request: unknown fields are rejected. */
  ofRequest(schema: Schema.Constraint): JsonSchema {
    const made = this.#taken.get(schema) ?? this.#add(schema, { ...options, onExcessProperty: 'error' });
    this.#taken.set(schema, made);
    return made;
  }

  /** The schema of a response: fields may be added later. */
  ofResponse(schema: Schema.Constraint): JsonSchema {
    const made = this.#sent.get(schema) ?? this.#add(schema, options);
    this.#sent.set(schema, made);
    return made;
  }

  #add(described: Schema.Constraint, how: Schema.ToJsonSchemaOptions): JsonSchema {
    const { schema, definitions } = Schema.toJsonSchemaDocument(described, how);
    const decoded = Schema.toJsonSchemaDocument(Schema.toType(described), how);
    for (const [name, definition] of Object.entries(definitions)) {
      const component = tidy(definition);
      const known = this.components[name] ?? component;
      if (JSON.stringify(known) !== JSON.stringify(component)) throw new Error(`two schemas are named ${name}`);
      this.components[name] = component;
    }
    return withNotes(tidy(schema), tidy(decoded.schema));
  }
}

/** The annotations of a field that is decoded from a text belong to the decoded schema. */
function withNotes(schema: JsonSchema, decoded: JsonSchema): JsonSchema {
  const { description, examples, default: otherwise } = decoded;
  return { ...given({ description, examples, default: otherwise }), ...schema, ...noted(schema, decoded) };
}

function noted({ properties, items }: JsonSchema, decoded: JsonSchema): JsonSchema {
  const fields = decoded['properties'];
  return {
    ...(isObject(properties) && isObject(fields)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [key, notedPart(value, fields[key])]),
          ),
        }
      : {}),
    ...(isObject(items) ? { items: notedPart(items, decoded['items']) } : {}),
  };
}

function notedPart(schema: unknown, decoded: unknown): unknown {
  return isObject(schema) && isObject(decoded) ? withNotes(schema, decoded) : schema;
}

const options = { includeAnnotationKey: (key: string) => key === 'jsonSchema' };

function tidy(schema: unknown): JsonSchema {
  return tidied(schema) as JsonSchema;
}

/** Simplifies a schema and points its references at the components. */
function tidied(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(tidied);
  return isObject(node) ? replaced(merged(node)) : node;
}

function tidiedParts(node: Record<string, unknown>): Record<string, unknown> {
  const parts = Object.entries(node).filter(([key, value]) => !saysNothing(key, value));
  return Object.fromEntries(parts.map(([key, value]) => [key, tidiedPart(key, value)]));
}

function tidiedPart(key: string, value: unknown): unknown {
  if (key === '$ref') return String(value).replace('#/$defs/', '#/components/schemas/');
  return AS_THEY_ARE.has(key) ? value : tidied(value);
}

const AS_THEY_ARE: ReadonlySet<string> = new Set(['examples', 'default', 'enum', 'jsonSchema']);

function saysNothing(key: string, value: unknown): boolean {
  if (key === 'additionalProperties') return value === true;
  return (key === 'minimum' || key === 'maximum') && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

/** Effect puts checks and annotations into `allOf` where they could be merged. */
function merged({ allOf = [], ...others }: Record<string, unknown>): Record<string, unknown> {
  const whole = tidiedParts(others);
  const apart: unknown[] = [];
  for (const part of (allOf as Record<string, unknown>[]).map(merged)) {
    if (Object.keys(part).some((key) => key in whole)) apart.push(replaced(part));
    else Object.assign(whole, part);
  }
  return apart.length === 0 ? whole : { ...whole, allOf: apart };
}

function replaced({ jsonSchema, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (jsonSchema === undefined) return rest;
  const { description, examples, default: otherwise } = rest;
  return { ...(jsonSchema as object), ...given({ description, examples, default: otherwise }) };
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
