import { type } from 'arktype';
import * as Schema from 'effect/Schema';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { announcedSchema } from './announcedSchema.ts';

const schemas = {
  zod: z.object({ width: z.int() }),
  valibot: v.object({ width: v.pipe(v.number(), v.integer()) }),
  arktype: type({ width: 'number.integer' }),
  effect: Schema.toStandardJSONSchemaV1(Schema.toStandardSchemaV1(Schema.Struct({ width: Schema.Int }))),
};

test.each(Object.entries(schemas))('a schema of %s is announced as JSON Schema', async (_library, schema) => {
  expect(await announcedSchema(schema, 'input')).toMatchObject({
    kind: 'schema',
    schema: { type: 'object', properties: { width: { type: 'integer' } }, required: ['width'] },
  });
});

test('the input side is what may be sent, before defaults and transformations', async () => {
  const schema = z.object({ n: z.number().default(1), text: z.string().transform(Number).pipe(z.number()) });
  const input = { properties: { text: { type: 'string' } }, required: ['text'] };
  expect(await announcedSchema(schema, 'input')).toMatchObject({ schema: input });
  const output = { properties: { text: { type: 'number' } }, required: ['n', 'text'] };
  expect(await announcedSchema(schema, 'output')).toMatchObject({ schema: output });
});

test('a schema that JSON Schema cannot express, or is too large, is not announced, with the reason', async () => {
  expect(await announcedSchema(z.date(), 'input')).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('Date') as string,
  });
  const large = z.enum(Array.from({ length: 10_000 }, (_, index) => `choice-${index}`));
  expect(await announcedSchema(large, 'input')).toMatchObject({
    kind: 'none',
    reason: expect.stringMatching(/^it has \d+ bytes of JSON/) as string,
  });
});

test('a library without a converter is announced without a schema', async () => {
  const schema = { '~standard': { version: 1, vendor: 'own', validate: (value: unknown) => ({ value }) } } as const;
  expect(await announcedSchema(schema, 'input')).toEqual({ kind: 'none', reason: 'own has no JSON Schema' });
});
