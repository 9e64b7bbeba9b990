import { expect, test } from 'vitest';
import { failureGroup, normalMessage } from './failureGroup.ts';

test.each([
  ['connect ECONNREFUSED 10.0.0.7:5432', 'connect ECONNREFUSED <n>'],
  ['order 4711 of 2026-11-27 has 3.5 items', 'order <n> of <n>-<n>-<n> has <n> items'],
  ['job 01a21007-5d41-7b37-bb26-e9f0e3028d57 is unknown', 'job <id> is unknown'],
  ['no user "anna@example.com" in \'eu-west\' or `x`', 'no user <text> in <text> or <text>'],
  ["can't reach the host, won't try again", "can't reach the host, won't try again"],
  ['commit 9f86d081884c at 0xdeadbeef', 'commit <hex> at <hex>'],
  ['customer cus_NffrFeUfNV2Hib is blocked', 'customer <id> is blocked'],
  ['the facade of a deadbeef internationalisation', 'the facade of a deadbeef internationalisation'],
  ['two\n  lines\t', 'two lines'],
  ['$jwe:eyJhbGciOiJkaXIifQ..x', ''],
  ['', ''],
])('the message %j is grouped as %j', (message, expected) => {
  expect(normalMessage(message)).toBe(expected);
});

test('long messages are alike if they begin alike', () => {
  expect(normalMessage(`${'x'.repeat(300)} one`)).toBe(normalMessage(`${'x'.repeat(300)} two`));
});

test('a hostile message is normalised in no time that grows with its square', () => {
  for (const part of ["'", '"', 'a0', '-', 'f', '0x', ' \n'])
    expect(normalMessage(part.repeat(50_000)).length).toBeLessThan(1_000);
});

test('the group depends on type, name, code and what is alike of the message, and only failed jobs have one', () => {
  const error = { name: 'Error', message: 'no 1', code: 'C' };
  const failed = { status: 'failed', type: 'email', error } as const;
  const group = failureGroup(failed);
  expect(group).toMatch(/^[0-9a-f]{16}$/);
  expect(failureGroup({ ...failed, error: { ...error, message: 'no 2', stack: 'at x' } })).toBe(group);
  const { code: _code, ...withoutCode } = error;
  for (const other of [
    { ...failed, type: 'sms' },
    { ...failed, error: { ...error, name: 'Other' } },
    { ...failed, error: { ...error, code: 'D' } },
    { ...failed, error: withoutCode },
    { ...failed, error: { ...error, message: 'yes 1' } },
  ]) {
    expect(failureGroup(other)).not.toBe(group);
  }
  expect(failureGroup({ ...failed, status: 'retrying' })).toBeUndefined();
  expect(failureGroup({ status: 'failed', type: 'email' })).toBeUndefined();
});
