import { Schema } from 'effect';
import { expect, test } from 'vitest';
import { testContext } from '../../testing/testContext.ts';
import { defineHandler, handlerRegistry } from './defineHandler.ts';
import { InvalidPayloadError } from './handlerErrors.ts';

const Order = Schema.Struct({
  customer: Schema.String,
  lines: Schema.Array(Schema.Struct({ count: Schema.Int })),
});

function orderHandler() {
  return defineHandler({ type: 'order', payload: Order, run: ({ lines }) => lines.length });
}

test('a handler gets the decoded payload and its return value is the result', async () => {
  const result = await orderHandler().run({ customer: 'c', lines: [{ count: 1 }, { count: 2 }] }, testContext());
  expect(result).toBe(2);
});

test('a payload that does not decode is refused with the path of every mistake', async () => {
  const running = orderHandler().run({ lines: [{ count: 1 }, { count: 'many' }] }, testContext());
  const error = await running.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidPayloadError);
  const { problems } = error as InvalidPayloadError;
  expect(problems).toEqual([
    expect.stringMatching(/^payload\.customer: .*[Mm]issing/),
    expect.stringMatching(/^payload\.lines\[1\]\.count: .*/),
  ]);
});

test('a payload that is no object at all is refused as a whole', async () => {
  await expect(orderHandler().run(null, testContext())).rejects.toThrow(/^payload: /);
});

test('a handler that throws before its first await rejects like any other', async () => {
  const handler = defineHandler({
    type: 'order',
    payload: Order,
    run: () => {
      throw new Error('at once');
    },
  });
  await expect(handler.run({ customer: 'c', lines: [] }, testContext())).rejects.toThrow('at once');
});

test('a type that is no job type is refused when the handler is defined', () => {
  expect(() => defineHandler({ type: 'Order!', payload: Order, run: () => 1 })).toThrow(/a job type/);
});

test('two handlers of one type are refused', () => {
  const handlers = [orderHandler(), orderHandler()];
  expect(() => handlerRegistry(handlers)).toThrow('two handlers are registered for the job type order');
});
