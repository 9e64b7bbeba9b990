import { cronOf } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { triggerPattern } from './cronTrigger.ts';

const patternOf = (cron: string) => triggerPattern(cronOf(cron));

test.each([
  ['*/15 9-11 * * *', '0 0,15,30,45 9,10,11 * * *'],
  ['* * * * * *', '* * * * * *'],
  ['0 0 1,15 * 5-7', '0 0 0 1,15 * 0,5,6'],
  ['@monthly', '0 0 0 1 * *'],
])('%s fires by %s', (cron, pattern) => {
  expect(patternOf(cron)).toBe(pattern);
});

test.each([
  ['@every 1s', '*/1 * * * * *'],
  ['@every 90s', '*/30 * * * * *'],
  ['@every 7s', '*/1 * * * * *'],
  ['@every 40m', '0 */20 * * * *'],
  ['@every 90m', '0 */30 * * * *'],
  ['@every 5h', '0 0 */1 * * *'],
  ['@every 36h', '0 0 */12 * * *'],
  ['@every 48h', '0 0 0 * * *'],
])('%s fires by %s, which contains all its ticks', (cron, pattern) => {
  expect(patternOf(cron)).toBe(pattern);
});
