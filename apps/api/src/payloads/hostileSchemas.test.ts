import { describe, expect, test, vi } from 'vitest';
import { CheckBudget } from './checkBudget.ts';
import { PayloadSchema } from './payloadSchema.ts';

/** Each definition asks twice for the next one: 2^30 evaluations. */
const doubling = {
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: 31 }, (_, n) => {
      const next = { $ref: `#/$defs/d${n + 1}` };
      return [`d${n}`, n === 30 ? {} : { allOf: [next, next] }];
    }),
  ),
};

const nested = (depth: number): object => (depth === 0 ? {} : { properties: { a: nested(depth - 1) } });

function checked(schema: unknown, payload: unknown) {
  const made = new PayloadSchema(schema);
  const mistakes = made.check(payload, new CheckBudget());
  return { mistakes, ignored: made.ignored };
}

describe('a schema that is evaluated for too long', () => {
  test.each([
    ['doubles at each reference', doubling],
    ['refers to itself', { $ref: '#' }],
    ['goes in a circle', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
    [
      'doubles at each level of the payload',
      { anyOf: [{ additionalProperties: { $ref: '#' } }, { additionalProperties: { $ref: '#' } }] },
    ],
  ])('because it %s accepts the payload and says why', (_how, schema) => {
    const deep = JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`) as object;
    const ignored = 'checking a payload takes more than 5000 steps';
    expect(checked(schema, deep)).toEqual({ mistakes: [], ignored });
  });

  test.each([
    [
      'fields',
      { additionalProperties: false },
      Object.fromEntries(Array.from({ length: 6_000 }, (_, n) => [`f${n}`, n])),
    ],
    ['items', { items: { type: 'integer' } }, Array.from({ length: 6_000 }, (_, n) => n)],
  ])('because the payload has thousands of %s accepts it', (_what, schema, payload) => {
    expect(checked(schema, payload)).toMatchObject({ mistakes: [], ignored: expect.stringContaining('5000') });
  });

  test('does not count items of which it says nothing', () => {
    const items = Array.from({ length: 6_000 }, (_, n) => n);
    const schema = { properties: { items: { items: {} } }, required: ['name'], additionalProperties: true };
    const mistakes = [{ pointer: '/name', detail: 'is required' }];
    expect(checked(schema, { items })).toEqual({ mistakes, ignored: undefined });
    const evaluated = { allOf: [{ additionalProperties: {} }], unevaluatedProperties: false };
    expect(checked(evaluated, { a: 1 }).mistakes).toEqual([]);
  });

  test('is not evaluated again at once', () => {
    const schema = new PayloadSchema({ ...doubling, required: ['a'] });
    schema.check({}, new CheckBudget());
    const evaluate = vi.fn<() => void>(() => {
      throw new Error('it is evaluated');
    });
    const budget = new CheckBudget();
    budget.spend = evaluate;
    schema.check({}, budget);
    expect(evaluate).not.toHaveBeenCalled();
  });

  test('counts each evaluation of a subschema once', () => {
    const schema = { properties: { a: { anyOf: [{ type: 'string' }, { $ref: '#/$defs/n' }] } }, $defs: { n: {} } };
    let steps = 0;
    const budget = new CheckBudget();
    budget.spend = () => void steps++;
    new PayloadSchema(schema).check({ a: 1 }, budget);
    expect(steps).toBe(5);
  });

  test('leaves less for the other payloads of its request, which are then accepted', () => {
    const budget = new CheckBudget();
    const honest = new PayloadSchema({ type: 'object' });
    expect(honest.check(1, budget)).toHaveLength(1);
    for (let payload = 0; payload < 20; payload++) new PayloadSchema(doubling).check({}, budget);
    expect([honest.check(1, budget), honest.ignored]).toEqual([[], undefined]);
    expect(honest.check(1, new CheckBudget())).toHaveLength(1);
  });
});

describe('a recursive schema', () => {
  const tree = {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#' } } },
    required: ['name'],
  };

  test('is checked as deep as the payload goes', () => {
    const payload = { name: 'a', children: [{ name: 'b', children: [{ children: [] }] }] };
    const mistakes = [{ pointer: '/children/0/children/0/name', detail: 'is required' }];
    expect(checked(tree, payload)).toEqual({ mistakes, ignored: undefined });
  });
});

describe('a schema that cannot be used', () => {
  test.each([
    ['text', 'it must be a schema'],
    [{ type: 5 }, '/type must be an array'],
    [{ properties: [] }, '/properties must be an object'],
    [{ properties: { a: 1 } }, '/properties/a must be a schema'],
    [{ required: 'a' }, '/required must be an array'],
    [{ required: [1] }, '/required must be an array of texts'],
    [{ minimum: '1' }, '/minimum must be a number'],
    [{ maxLength: -1 }, '/maxLength must be a whole number'],
    [{ exclusiveMinimum: true }, '/exclusiveMinimum must be a number'],
    [{ $ref: 'https://example.com/schema' }, '/$ref refers to another document'],
    [{ $ref: '#name' }, '/$ref refers to another document'],
    [{ $ref: '#/$defs/a' }, 'it refers to #/$defs/a, which it does not have'],
    [nested(40), 'it is nested deeper than 32 levels'],
    [{ anyOf: Array.from({ length: 2_001 }, () => ({})) }, 'it has more than 2000 subschemas'],
    [{ description: 'x'.repeat(70_000) }, 'it has more than 65536 characters'],
  ])('accepts every payload and says why: %.60j', (schema, ignored) => {
    expect(checked(schema, 1)).toEqual({ mistakes: [], ignored });
  });

  test('may have any names', () => {
    const schema = JSON.parse('{"properties": {"__proto__": {"type": "string"}, "constructor": {}}}') as object;
    expect(checked(schema, { constructor: 1 })).toEqual({ mistakes: [], ignored: undefined });
  });
});
