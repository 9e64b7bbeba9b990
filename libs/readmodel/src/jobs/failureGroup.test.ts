import { expect, test } from 'vitest';
import { failureGroup, groupDigest, groupName, normalMessage } from './failureGroup.ts';

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

const DIGEST = '8d0c1f7b2a964e31';

test.each([
  [{ message: 'mailbox 17 is full', code: 'E452' }, 'email-smtperror-e452-mailbox-is-full'],
  [{ message: 'connect ECONNREFUSED 10.0.0.7:5432', code: 'ECONNREFUSED' }, 'email-smtperror-econnrefused-connect'],
  [{ message: '' }, 'email-smtperror'],
  [{ message: '4711' }, 'email-smtperror'],
  [{ message: '$jwe:eyJhbGciOiJkaXIifQ..x' }, 'email-smtperror'],
  [{ message: '"quoted" and `code`' }, 'email-smtperror-and'],
  [{ message: "can't reach the host" }, 'email-smtperror-cant-reach-the-host'],
  [{ message: 'Café über ﬁle' }, 'email-smtperror-cafe-uber-file'],
  [{ message: 'адрес не найден' }, 'email-smtperror'],
  [{ message: 'שגיאה \u202E gnp.exe 🎉' }, 'email-smtperror'],
  [{ message: 'no user anna@example.com at /home/anna of mail.example.com' }, 'email-smtperror-no-user-at-of'],
  [{ message: 'no', name: 'x'.repeat(90) }, 'email'],
  [{ message: 'one two three four five six seven eight nine' }, 'email-smtperror-one-two-three-four-five-six'],
  [{ message: 'm', name: '../..?a=1&b#' }, 'email-a-1-b-m'],
] as const)('a group of %o is named by its words and its digest', (error, words) => {
  const name = groupName(DIGEST, { type: 'email', error: { name: 'SmtpError', ...error } });
  expect(name).toBe(`${words}-${DIGEST}`);
  expect(groupDigest(name)).toBe(DIGEST);
});

test('a name is bounded, whatever type, error and message are', () => {
  const long = { name: 'a b '.repeat(100), code: 'c d '.repeat(100), message: 'e f '.repeat(100) };
  for (const type of ['t'.repeat(63), 't-'.repeat(31), 'a'])
    expect(groupName(DIGEST, { type, error: long })).toMatch(/^(?:[a-z0-9]{1,48}-){1,24}[0-9a-f]{16}$/);
});

test('a group is found by its digest alone, and what is no name finds none', () => {
  expect([DIGEST, 'other-words-8d0c1f7b2a964e31', 'none', ''].map(groupDigest)).toEqual([DIGEST, DIGEST, 'none', '']);
});
