import { expect, test } from 'vitest';
import { alternativeOf, fieldOf, initialValue } from './field.ts';

const order = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'integer' },
    state: { enum: ['open', 'paid'], default: 'open' },
    to: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
    note: { type: ['null', 'string'] },
    gift: { type: 'boolean' },
    address: { $ref: '#/$defs/address' },
  },
  $defs: { address: { type: 'object', properties: { city: { type: 'string', default: 'Bonn' } } } },
};

test('the members of an object have a field each, and say whether they are required', () => {
  const field = fieldOf(order, order);
  if (field.kind !== 'object') throw new Error(field.kind);
  expect(field.members.map(({ name, schema, required }) => [name, fieldOf(schema, order).kind, required])).toEqual([
    ['id', 'number', true],
    ['state', 'choice', false],
    ['to', 'alternatives', false],
    ['note', 'text', false],
    ['gift', 'boolean', false],
    ['address', 'object', false],
  ]);
});

test.each([
  ['a schema that accepts everything', true],
  ['an object without named members', { type: 'object' }],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }] }],
  ['a reference to another document', { $ref: 'https://example.com/schema' }],
  ['a reference to itself', { $ref: '#' }],
])('%s is written as JSON', (_name, schema) => {
  expect(fieldOf(schema, schema)).toEqual({ kind: 'json' });
});

test.each([
  ['a@example.com', 0],
  [['a@example.com'], 1],
  [undefined, 0],
])('%j is entered as the alternative of its type', (value, expected) => {
  expect(alternativeOf(order.properties.to.anyOf, order, value)).toBe(expected);
});

test('a form begins with the defaults, of members too', () => {
  expect(initialValue(order, order)).toEqual({ state: 'open', address: { city: 'Bonn' } });
});

test('a schema that contains itself has a form of limited depth', () => {
  const tree = { type: 'object', properties: { child: { $ref: '#' }, size: { type: 'integer', default: 1 } } };
  expect(JSON.stringify(initialValue(tree, tree)).match(/size/g)).toHaveLength(7);
});
