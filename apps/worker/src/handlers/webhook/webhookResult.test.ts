import { expect, test } from 'vitest';
import { retryAfterMs } from './webhookResult.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['seconds', '120', 120_000],
  ['seconds with spaces around', ' 7 ', 7_000],
  ['an HTTP date', 'Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['a date that is past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['more than a day', '999999999', 86_400_000],
  ['nothing', undefined, undefined],
  ['an empty header', '', undefined],
  ['no time at all', 'soon', undefined],
])('%s', (_name, header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});
