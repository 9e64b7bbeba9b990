import * as Schema from 'effect/Schema';
import { expect, test } from 'vitest';
import { Tenant, isTenant } from './tenant.ts';

const isOne = Schema.is(Tenant);

test.each(['a', '7', 'acme', 'Acme-Corp_2.eu', 'org_2aBcD', 'x'.repeat(64)])('%s is a tenant', (text) => {
  expect([isTenant(text), isOne(text)]).toEqual([true, true]);
});

test.each(['', '-a', '.', 'a b', 'a\n', 'a*', 'a>', 'ä', 'x'.repeat(65), 7, null, undefined, ['acme']])(
  '%j is none',
  (value) => {
    expect([isTenant(value), isOne(value)]).toEqual([false, false]);
  },
);
