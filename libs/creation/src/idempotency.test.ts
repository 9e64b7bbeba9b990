import { JobId } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { identityOfKey } from './idempotency.ts';

const isJobId = Schema.is(JobId);
const fingerprint = (body: unknown) => identityOfKey('key', body).fingerprint;

test('a key always maps to the same job id, another key to another', () => {
  expect(identityOfKey('order-1', {}).jobId).toBe(identityOfKey('order-1', { type: 'email' }).jobId);
  expect(identityOfKey('order-1', {}).jobId).not.toBe(identityOfKey('order-2', {}).jobId);
});

test('the id is a UUID of version 8 and RFC variant', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      const { jobId } = identityOfKey(key, {});
      expect(isJobId(jobId)).toBe(true);
      expect(jobId).toMatch(/^.{14}8.{4}[89ab]/);
    }),
  );
});

test('the id of a key never changes, so jobs of earlier years are found', () => {
  // echo -n order-1 | sha256sum: 0bafe22156d2698c143b86040446d366…, with the version 8 and the variant put in
  expect(identityOfKey('order-1', {}).jobId).toBe('0bafe221-56d2-898c-943b-86040446d366');
});

test('the fingerprint does not depend on the order of fields, but on every value', () => {
  expect(fingerprint({ a: 1, b: { c: [1, 2], d: null } })).toBe(fingerprint({ b: { d: null, c: [1, 2] }, a: 1 }));
  expect(fingerprint({ a: [1, 2] })).not.toBe(fingerprint({ a: [2, 1] }));
  expect(fingerprint({ a: 1 })).not.toBe(fingerprint({ a: '1' }));
  expect(fingerprint({ a: null })).not.toBe(fingerprint({}));
});

test('a JSON value has one fingerprint, whatever its spelling', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const respelt: unknown = JSON.parse(JSON.stringify(value, null, 2));
      expect(fingerprint(respelt)).toBe(fingerprint(value));
    }),
  );
});
