import { array, assert, double, integer, oneof, property } from 'fast-check';
import * as Schema from 'effect/Schema';
import { expect, test } from 'vitest';
import { Timestamp, addMs, isDue } from './timestamp.ts';
import { timestampOf } from './timestampOf.ts';

const accepts = Schema.is(Timestamp);

test.each([
  '2026-01-31T09:30:00Z',
  '2026-01-31T09:30:00.1Z',
  '2026-01-31T09:30:00.123456789Z',
  '2024-02-29T23:59:59.999Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
])('%s is a time', (text) => {
  expect(accepts(text)).toBe(true);
});

test.each([
  '2026-01-31T09:30:00',
  '2026-01-31T09:30:00+01:00',
  '2026-01-31 09:30:00Z',
  '2026-01-31T09:30:00.1234567890Z',
  '2026-01-31T09:30:00z',
  '2026-01-31',
  '+012026-01-31T09:30:00Z',
  ' 2026-01-31T09:30:00Z',
  '2026-01-31T09:30:00Z\n',
  '',
])('%j is not in the form of a time', (text) => {
  expect(accepts(text)).toBe(false);
});

test.each([
  '2026-02-29T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T23:59:60Z',
  '0000-01-01T00:00:00Z',
])('%s does not exist', (text) => {
  expect(accepts(text)).toBe(false);
});

test('what a text was found to be does not count for others', () => {
  for (const [text, exists] of [
    ['2026-02-29T00:00:00.1Z', false],
    ['2026-02-29T00:00:00.2Z', false],
    ['2028-02-29T00:00:00.1Z', true],
    ['2028-02-29T00:00:00.2Z', true],
    ['2028-02-30T00:00:00.2Z', false],
  ] as const) {
    expect([text, accepts(text)]).toEqual([text, exists]);
  }
});

test('adding milliseconds carries over to days and years', () => {
  expect(addMs('2026-12-31T23:59:59.999Z', 1)).toBe('2027-01-01T00:00:00.000Z');
  expect(addMs('2026-01-01T00:00:00Z', 0)).toBe('2026-01-01T00:00:00.000Z');
});

test('a sum beyond the year 9999 is its last instant, which is still a time', () => {
  expect(addMs('9999-12-31T00:00:00Z', 86_400_000)).toBe('9999-12-31T23:59:59.999Z');
  expect(accepts(addMs('2026-01-01T00:00:00Z', 1e300))).toBe(true);
});

test('a time has come from its own instant on', () => {
  expect(isDue('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z')).toBe(true);
  expect(isDue('2026-01-01T00:00:00.001Z', '2026-01-01T00:00:00Z')).toBe(false);
  expect(isDue('2026-01-01T00:00:00.9Z', '2026-01-01T00:00:00.95Z')).toBe(true);
});

test('instants, in whichever order, are written as toISOString writes them', () => {
  const instant = oneof(integer({ min: -5_000, max: 5_000 }), double({ min: 0, max: 4e12, noNaN: true }));
  assert(
    property(array(instant, { minLength: 2 }), (instants) => {
      expect(instants.map(timestampOf)).toEqual(instants.map((ms) => new Date(Math.floor(ms)).toISOString()));
    }),
  );
});

test('what is no instant is refused, and spoils nothing', () => {
  expect(() => timestampOf(Number.NaN)).toThrow(RangeError);
  expect(() => timestampOf(9e15)).toThrow(RangeError);
  expect(timestampOf(0)).toBe('1970-01-01T00:00:00.000Z');
});
