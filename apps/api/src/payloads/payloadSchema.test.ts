import { describe, expect, test } from 'vitest';
import { CheckBudget } from './checkBudget.ts';
import { PayloadSchema } from './payloadSchema.ts';

const check = (schema: unknown, payload: unknown) => new PayloadSchema(schema).check(payload, new CheckBudget());

/** The mistakes as lines. */
const mistakes = (schema: unknown, payload: unknown) =>
  check(schema, payload).map(({ pointer, detail }) => `${pointer} ${detail}`);

const thumbnail = {
  type: 'object',
  properties: {
    url: { type: 'string', format: 'uri' },
    width: { type: 'integer', minimum: 1, maximum: 4_000 },
    fit: { enum: ['cover', 'contain'] },
  },
  required: ['url', 'width'],
  additionalProperties: false,
};

describe('a payload', () => {
  test('that the schema accepts has no mistakes', () => {
    expect(check(thumbnail, { url: 'https://example.com/a.png', width: 200, fit: 'cover' })).toEqual([]);
  });

  test('has all its mistakes listed, each with its pointer', () => {
    expect(mistakes(thumbnail, { width: 'wide', fit: 'fill', height: 3 })).toEqual([
      '/url is required',
      '/width must be an integer',
      '/fit must be one of cover, contain',
      '/height is not known here',
    ]);
    expect(mistakes(thumbnail, { url: 'nonsense', width: 0 })).toEqual([
      '/url must have the format uri',
      '/width must be at least 1',
    ]);
    expect(mistakes(thumbnail, null)).toEqual([' must be an object']);
  });

  test.each([
    [{ type: ['string', 'null'] }, 1, ' must be a string or null'],
    [{ const: 'a b' }, 1, ' must be "a b"'],
    [{ maximum: 3 }, 4, ' must be at most 3'],
    [{ exclusiveMinimum: 3 }, 3, ' must be greater than 3'],
    [{ exclusiveMaximum: 3 }, 3, ' must be less than 3'],
    [{ multipleOf: 0.01 }, 0.005, ' must be a multiple of 0.01'],
    [{ minLength: 2 }, 'a', ' must have at least 2 characters'],
    [{ maxLength: 1 }, 'ab', ' must have at most 1 character'],
    [{ minItems: 1 }, [], ' must have at least 1 item'],
    [{ maxItems: 1 }, [1, 2], ' must have at most 1 item'],
    [{ minProperties: 1 }, {}, ' must have at least 1 field'],
    [{ maxProperties: 0 }, { a: 1 }, ' must have at most 0 fields'],
    [{ items: { type: 'string' } }, ['a', 1], '/1 must be a string'],
    [{ prefixItems: [{ type: 'string' }], items: false }, ['a', 1], '/1 is not known here'],
    [{ maxItems: 2 }, [1, 2, 3], ' must have at most 2 items'],
    [
      { contains: { const: 1 }, minContains: 1, maxContains: 1 },
      [1, 1],
      ' must contain at most 1 item that the schema asks for',
    ],
    [{ contains: { const: 1 } }, [2], ' must contain an item that the schema asks for'],
    [{ not: { type: 'null' } }, null, ' must not be what the schema excludes'],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, '/ab must have at most 1 character'],
    [{ dependentRequired: { a: ['b'] } }, { a: 1 }, ' lacks a field that another one requires'],
    [{ properties: { 'a/b ~%ü': { type: 'string' } } }, { 'a/b ~%ü': 1 }, '/a~1b ~0%ü must be a string'],
    [{ required: ['a/b'] }, {}, '/a~1b is required'],
    [{ $ref: '#/$defs/a', $defs: { a: { properties: { b: { minimum: 2 } } } } }, { b: 1 }, '/b must be at least 2'],
    [{ format: 'email' }, 'nobody', ' must have the format email'],
    [false, {}, ' is not known here'],
  ])('by the schema %j, %j has the mistake "%s"', (schema, payload, mistake) => {
    expect(mistakes(schema, payload)).toEqual([mistake]);
  });

  test('of a union is compared with the alternative that it is meant for', () => {
    const circle = {
      properties: { shape: { const: 'circle' }, radius: { type: 'number' } },
      required: ['shape', 'radius'],
    };
    const square = {
      properties: { shape: { const: 'square' }, side: { type: 'number' } },
      required: ['shape', 'side'],
    };
    for (const union of [{ oneOf: [circle, square] }, { anyOf: [circle, square] }]) {
      expect(mistakes(union, { shape: 'square', side: 'long' })).toEqual(['/side must be a number']);
      expect(mistakes(union, { shape: 'line' })).toEqual([' is none of the alternatives that the schema has']);
    }
    expect(mistakes({ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1)).toEqual([' must be a string or null']);
  });

  test('has at most twenty mistakes listed, and long names are not repeated', () => {
    const items = Array.from({ length: 100 }, () => 1);
    expect(check({ items: { type: 'string' } }, items)).toHaveLength(20);
    const name = 'x'.repeat(10_000);
    expect(check({ additionalProperties: false }, { [name]: 1 })).toEqual([
      { pointer: '', detail: 'is not known here' },
    ]);
  });
});

describe('what is not checked', () => {
  test.each([
    [{ pattern: '^(a+)+$' }, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'],
    [{ patternProperties: { '^(a+)+$': false } }, { a: 1 }],
    [{ uniqueItems: true }, [1, 1]],
    [{ format: 'regex' }, '('],
    [{ format: 'date-time', pattern: '^local$' }, '2026-11-27T10:00:00'],
  ])('of %j accepts %j', (schema, payload) => {
    expect(check(schema, payload)).toEqual([]);
  });

  test('never makes the rest of the schema refuse a right payload', () => {
    const [a, b] = [
      { type: 'string', pattern: '^a' },
      { type: 'string', pattern: '^b' },
    ];
    expect(check({ oneOf: [a, b] }, 'a')).toEqual([]);
    expect(check({ not: b }, 'a')).toEqual([]);
    expect(check(JSON.parse('{"if": {"pattern": "^b"}, "then": false}'), 'a')).toEqual([]);
    expect(check({ contains: b, maxContains: 1 }, ['a', 'b'])).toEqual([]);
    expect(check({ patternProperties: { '^x-': {} }, additionalProperties: false }, { 'x-a': 1 })).toEqual([]);
    const apart = { allOf: [{ patternProperties: { '^x-': {} } }], unevaluatedProperties: false };
    expect(check(apart, { 'x-a': 1 })).toEqual([]);
  });
});
