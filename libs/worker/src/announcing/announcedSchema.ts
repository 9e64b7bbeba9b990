import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/** What is announced of a schema: its JSON Schema, or why there is none. */
export type AnnouncedSchema =
  | { readonly kind: 'schema'; readonly schema: Readonly<Record<string, unknown>> }
  | { readonly kind: 'none'; readonly reason: string };

const TARGET = { target: 'draft-2020-12' } as const;
/** Of one schema, and of all those of a type: leaves room in an announcement of 128 KB for what else is in it. */
const MAX_BYTES = 60_000;
const MAX_ALL_BYTES = 120_000;

/** How many bytes there are for the schemas of signals beside those of the payload and the result. */
export function roomBeside(others: readonly unknown[]): number {
  return others.reduce<number>((left, schema) => left - (schema === undefined ? 0 : bytesOf(schema)), MAX_ALL_BYTES);
}

export function bytesOf(schema: unknown): number {
  return Buffer.byteLength(JSON.stringify(schema));
}

/**
 * Converts one side of a schema to JSON Schema: by Standard JSON Schema if the library has it (zod, arktype, effect), by
 * the converter `@valibot/to-json-schema` for valibot where it is installed.
 *
 * @param room how many bytes of JSON it may have at most; default as many as any.
 */
export async function announcedSchema(
  schema: StandardSchemaV1,
  side: 'input' | 'output',
  room = MAX_BYTES,
): Promise<AnnouncedSchema> {
  try {
    const converter = await converterOf(schema);
    if (converter === undefined) return { kind: 'none', reason: `${schema['~standard'].vendor} has no JSON Schema` };
    return withinLimit(converter[side](TARGET), Math.max(0, Math.min(room, MAX_BYTES)));
  } catch (error) {
    return { kind: 'none', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function converterOf(schema: StandardSchemaV1): Promise<StandardJSONSchemaV1.Converter | undefined> {
  const { jsonSchema, vendor } = (schema as Partial<StandardJSONSchemaV1> & StandardSchemaV1)['~standard'];
  if (jsonSchema !== undefined) return jsonSchema;
  if (vendor !== 'valibot') return undefined;
  const { toStandardJsonSchema } = await import('@valibot/to-json-schema');
  return toStandardJsonSchema(schema as Parameters<typeof toStandardJsonSchema>[0])['~standard'].jsonSchema;
}

function withinLimit(schema: Record<string, unknown>, most: number): AnnouncedSchema {
  const bytes = bytesOf(schema);
  if (bytes <= most) return { kind: 'schema', schema };
  return { kind: 'none', reason: `it has ${bytes} bytes of JSON, at most ${most} are announced` };
}
