import { Schema } from 'effect';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema of ours as AsyncAPI has it, without what says nothing. */
export function jsonSchema(schema: Schema.Constraint): JsonSchema {
  const { schema: root, definitions } = Schema.toJsonSchemaDocument(schema);
  return inlined(root, definitions) as JsonSchema;
}

/**
 * The same with a reference in place of every part that is one of the named schemas. They stand for themselves by what
 * they say, since a schema of ours does not know by which name another one uses it.
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
  const telling = Object.entries(merged(node)).filter(([key, value]) => !saysNothing(key, value));
  return mapped(Object.fromEntries(telling), (part) => inlined(part, definitions));
}

/** Checks and annotations come as an `allOf`, also where they can stand beside the rest. */
function merged({ allOf, ...rest }: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(allOf)) return rest;
  const all = [rest, ...(allOf as Record<string, unknown>[])];
  const keys = all.flatMap((part) => Object.keys(part));
  return new Set(keys).size === keys.length ? Object.assign({}, ...all) : { ...rest, allOf };
}

function saysNothing(key: string, value: unknown): boolean {
  return key === 'additionalProperties' ? value === true : value === Number.MAX_SAFE_INTEGER;
}

function mapped(node: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(node)) return node.map(change);
  if (!isObject(node)) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, change(value)]));
}

function isObject(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
