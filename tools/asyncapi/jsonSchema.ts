import { isObject } from '@jobstream/domain';
import * as Schema from 'effect/Schema';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Returns an Effect schema as JSON Schema, without references and without keywords that restrict nothing. */
export function jsonSchema(schema: Schema.Constraint): JsonSchema {
  const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema);
  return inlined(root, definitions) as JsonSchema;
}

/**
 * Returns the schema with a reference in place of every part that is one of the named schemas. Parts are compared by
 * content, since an Effect schema does not know the names of the schemas that it uses.
 */
export function withReferences(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const names = new Map(Object.entries(named).map(([name, part]) => [JSON.stringify(part), name]));
  const replaced = (node: unknown, isRoot = false): unknown => {
    const name = isRoot ? undefined : names.get(JSON.stringify(node));
    if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
    return mapped(node, (part) => replaced(part));
  };
  return replaced(schema, true) as JsonSchema;
}

function inlined(node: unknown, definitions: Readonly<Record<string, unknown>>): unknown {
  if (!isObject(node)) return mapped(node, (part) => inlined(part, definitions));
  if (typeof node['$ref'] === 'string') {
    return inlined(definitions[node['$ref'].replace('#/$defs/', '')], definitions);
  }
  const restricting = Object.entries(merged(node)).filter(([key, value]) => !restrictsNothing(key, value));
  return mapped(Object.fromEntries(restricting), (part) => inlined(part, definitions));
}

/** Merges the checks and annotations that Effect puts into an `allOf` with the rest, where no keyword is in both. */
function merged({ allOf, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(allOf)) return rest;
  const all = [rest, ...(allOf as Record<string, unknown>[])];
  const keys = all.flatMap((part) => Object.keys(part));
  return new Set(keys).size === keys.length ? Object.assign({}, ...all) : { ...rest, allOf };
}

function restrictsNothing(key: string, value: unknown): boolean {
  return key === 'additionalProperties' ? value === true : value === Number.MAX_SAFE_INTEGER;
}

function mapped(node: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(node)) return node.map(change);
  if (!isObject(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, change(value)]));
}
