import { expect, test } from 'vitest';
import { type OperationSearch, planOf, readOperationAddress, searchOf } from './operationSearch.ts';

const SECRET = 'night@example.com';

test.each<OperationSearch>([
  { kind: 'cancel', ids: 'a,b' },
  { kind: 'retry', type: 'email', patch: `{"to": "${SECRET}"}` },
  { kind: 'replay', type: 'email', tag: ['x', 'y'], search: [`to=${SECRET}`, 'n>=1'] },
])('the plan of an operation has no values of payloads in its address, and leads to %j', (search) => {
  const { search: address, state } = planOf(search);
  expect(JSON.stringify(address)).not.toContain(SECRET);
  expect(searchOf(readOperationAddress({ ...address }), state.operationValues)).toEqual(search);
});

test('an address without the values that belong to it leads to no operation', () => {
  const { search: address } = planOf({ kind: 'retry', type: 'email', search: `to=${SECRET}` });
  expect(searchOf(readOperationAddress({ ...address }), undefined)).toBeUndefined();
  for (const withValues of [{ search: `to=${SECRET}` }, { patch: '{}' }]) {
    const read = readOperationAddress({ kind: 'retry', type: 'email', ...withValues });
    expect(JSON.stringify(read)).not.toContain(SECRET);
    expect(searchOf(read, undefined)).toBeUndefined();
  }
});
