import { expect, test } from 'vitest';
import { address, duration, time, wholeNumber } from './values.ts';

test.each([
  ['500ms', 500],
  ['1.5s', 1_500],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
])('%s is a duration', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

test.each(['', '5', 'm', '5 m', '-5m', '5m!', '1h and 30m'])('%j is no duration', (text) => {
  expect(() => duration(text)).toThrow('Expected a duration');
});

test('times, numbers and addresses are checked', () => {
  expect(time('2030-01-31T09:00:00+01:00')).toBe('2030-01-31T08:00:00.000Z');
  expect(() => time('tomorrow')).toThrow('Expected a time');
  expect(wholeNumber(1)('7')).toBe(7);
  for (const text of ['0', '1.5', '', '1e3', '-1'])
    expect(() => wholeNumber(1)(text)).toThrow('Expected a whole number from 1 on');
  expect(address('https://jobs.example.com/api')).toBe('https://jobs.example.com/api');
  for (const text of ['localhost:3000', 'nats://127.0.0.1', ''])
    expect(() => address(text)).toThrow('Expected an address');
});
