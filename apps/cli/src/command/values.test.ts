import { expect, test } from 'vitest';
import { address, duration, asOfTime, pastTime, period, time, wholeNumber } from './values.ts';

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
  for (const text of ['tomorrow', '15', '2m', '2030-01-31T25:00'])
    expect(() => time(text)).toThrow('Expected a time such as 2030-01-31T09:00:00+01:00.');
  expect(wholeNumber(1)('7')).toBe(7);
  for (const text of ['0', '1.5', '', '1e3', '-1'])
    expect(() => wholeNumber(1)(text)).toThrow('Expected a whole number from 1 on');
  expect(address('https://jobs.example.com/api')).toBe('https://jobs.example.com/api');
  for (const text of ['localhost:3000', 'nats://127.0.0.1', ''])
    expect(() => address(text)).toThrow('Expected an address');
});

test.each(['2m', '2m ago', '120s', '1m60s ago'])('%j is a time of the past', (text) => {
  const [before, instant, after] = [Date.now(), Date.parse(pastTime(text)), Date.now()];
  expect(instant).toBeGreaterThanOrEqual(before - 120_000);
  expect(instant).toBeLessThanOrEqual(after - 120_000);
});

test('times of the past are also times, and moments of the past sequences', () => {
  expect(pastTime('2030-01-31')).toBe('2030-01-31T00:00:00.000Z');
  expect(asOfTime('2030-01-31T09:00:00+01:00')).toBe('2030-01-31T08:00:00.000Z');
  expect(asOfTime('4711')).toBe('4711');
  for (const text of ['4711', 'ago', '2 m', '-2m', 'in 2m', '2m later'])
    expect(() => pastTime(text)).toThrow('or how long ago: 2m, "1h ago".');
  expect(() => period('2m ago')).toThrow('Expected minutes, hours or days');
});
