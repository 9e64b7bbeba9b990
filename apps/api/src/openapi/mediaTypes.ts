import type { Schema } from 'effect';
import type { JsonSchema } from './jsonSchemas.ts';
import type { Content } from './operation.ts';

/** Bodies by media type, as the document has them. OpenAPI 3.1 has no words for the items of a stream: an extension. */
export function mediaTypes(
  content: Readonly<Record<string, Content>>,
  schemaOf: (schema: Schema.Constraint) => JsonSchema,
): object {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, item, examples }]) => [
      type,
      {
        schema: schema === undefined ? { type: 'string' } : schemaOf(schema),
        ...(item === undefined ? {} : { 'x-item-schema': schemaOf(item) }),
        ...(examples === undefined ? {} : { examples: named(examples) }),
      },
    ]),
  );
}

function named(examples: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
}
