import { defineJob } from '@jobstream/client';
import { type } from 'arktype';
import * as Schema from 'effect/Schema';
import * as v from 'valibot';
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { testContext } from '../../testing/testContext.ts';
import { InvalidPayloadError, UnrecoverableError } from './handlerErrors.ts';
import { type Handler, handlerRegistry, jobHandler } from './jobHandler.ts';

const order = defineJob('order', {
  payload: z.object({ customer: z.string(), lines: z.array(z.object({ count: z.coerce.number<string>() })) }),
  result: z.object({ total: z.int() }),
});

const payload = { customer: 'c', lines: [{ count: '1' }, { count: '2' }] };

/** As an attempt does, which awaits what it returns and catches what it throws. */
async function run(handler: Handler, given: unknown): Promise<unknown> {
  return handler.run(given, testContext());
}

test('a handler receives the decoded payload, and its return value is the result', async () => {
  const handler = jobHandler(order, ({ lines }) => {
    expectTypeOf(lines).toEqualTypeOf<{ count: number }[]>();
    return { total: lines.reduce((sum, { count }) => sum + count, 0) };
  });
  expect(await run(handler, payload)).toEqual({ total: 3 });
});

const schemas = {
  zod: z.object({ lines: z.array(z.object({ count: z.number() })) }),
  valibot: v.object({ lines: v.array(v.object({ count: v.number() })) }),
  arktype: type({ lines: type({ count: 'number' }).array() }),
  effect: Schema.toStandardSchemaV1(Schema.Struct({ lines: Schema.Array(Schema.Struct({ count: Schema.Finite })) })),
};

test.each(Object.entries(schemas))(
  'a payload that a schema of %s rejects is named with its path',
  async (_, schema) => {
    const handler = jobHandler(defineJob('order', { payload: schema }), () => undefined);
    const error = await run(handler, { lines: [{ count: 1 }, { count: 'many' }] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidPayloadError);
    expect((error as InvalidPayloadError).problems).toEqual([expect.stringMatching(/^payload\.lines\[1\]\.count: ./)]);
  },
);

test('all mistakes of a payload are named', async () => {
  const handler = jobHandler(order, () => ({ total: 1 }));
  await expect(run(handler, { lines: 3 })).rejects.toMatchObject({
    problems: [expect.stringMatching(/^payload\.customer: /), expect.stringMatching(/^payload\.lines: /)],
  });
  await expect(run(handler, null)).rejects.toThrow(/^payload: /);
});

test('a schema that checks asynchronously is awaited', async () => {
  const known = z.string().refine(async (name) => name === 'known', 'unknown customer');
  const handler = jobHandler(defineJob('order', { payload: known }), (name) => name);
  expect(await run(handler, 'known')).toBe('known');
  await expect(run(handler, 'other')).rejects.toThrow('payload: unknown customer');
});

test('a result that does not match its schema fails the job for good, because the work is done', async () => {
  const handler = jobHandler(order, () => ({ total: 1.5 }));
  const error = await run(handler, payload).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnrecoverableError);
  expect(error).toMatchObject({ code: 'RESULT_INVALID', message: expect.stringMatching(/result\.total: /) as string });
});

test('a handler that throws before its first await rejects like any other', async () => {
  const handler = jobHandler(order, () => {
    throw new Error('at once');
  });
  await expect(run(handler, payload)).rejects.toThrow('at once');
});

test('two handlers of one type are rejected', () => {
  const handlers = [jobHandler(order, () => ({ total: 1 })), jobHandler(order, () => ({ total: 2 }))];
  expect(() => handlerRegistry(handlers)).toThrow('two handlers are registered for the job type order');
});
