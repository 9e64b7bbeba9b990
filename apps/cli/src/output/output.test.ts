import { expect, test } from 'vitest';
import { formatTable, plainText } from './table.ts';
import { formatClock, formatDue, formatDuration, formatTime } from './times.ts';

const columns = [
  { title: 'NAME', value: ([name = '']: readonly string[]) => name, flexible: true },
  { title: 'NUMBER', value: ([, number = '']: readonly string[]) => number, right: true },
] as const;
const layout = { width: undefined, heading: (text: string) => text };

test('columns are as wide as their contents, and numbers stand on the right', () => {
  const rows = [
    ['one', '1'],
    ['twenty-two', '22'],
  ];
  expect(formatTable(rows, columns, layout)).toBe('NAME        NUMBER\none              1\ntwenty-two      22');
});

test('wide characters count twice, also where a cell is cut off', () => {
  const rows = [
    ['日本語のテキスト', '1'],
    ['ascii', '2'],
  ];
  const text = formatTable(rows, columns, { ...layout, width: 18 });
  expect(text).toBe('NAME        NUMBER\n日本語の…        1\nascii            2');
});

test('what would steer a terminal or break a line is not shown', () => {
  expect(plainText('a\u001B[31mb\u0007\nc\u202Ed')).toBe('ab c d');
});

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [42_000, '42s'],
  [310_000, '5m 10s'],
  [3_600_000, '1h'],
  [37 * 3_600_000, '1d 13h'],
  [12.5 * 86_400_000, '12d'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is due is due now when it should have begun, and not before', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  expect(formatDue('2026-11-25T12:00:00.700Z', { utc: false, now })).toBe('in 700ms');
  expect(formatDue('2026-11-25T12:00:00.000Z', { utc: false, now })).toBe('now');
  expect(formatDue('2026-11-25T11:55:00Z', { utc: false, now })).toBe('now');
  expect(formatDue('2026-11-25T14:00:00Z', { utc: false, now })).toBe('in 2h');
  expect(formatDue('2026-11-25T11:55:00Z', { utc: true, now })).toBe('2026-11-25T11:55:00.000Z');
});

test('times are relative to now, or in UTC', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  expect(formatTime('2026-11-25T12:00:00.900Z', { utc: false, now })).toBe('now');
  expect(formatTime('2026-11-25T11:55:00Z', { utc: false, now })).toBe('5m ago');
  expect(formatTime('2026-11-25T14:00:00Z', { utc: false, now })).toBe('in 2h');
  expect(formatTime('2026-11-25T14:00:00+01:00', { utc: true, now })).toBe('2026-11-25T13:00:00.000Z');
});

const at = (day: number) => new Date(2026, 10, day, 9, 30, 0, 7).toISOString();

test('the clock of an event has the date only when it is another day', () => {
  const now = new Date(2026, 10, 25, 12).getTime();
  expect(formatClock(at(25), { utc: false, now })).toBe('09:30:00.007');
  expect(formatClock(at(24), { utc: false, now })).toBe('2026-11-24 09:30:00.007');
  expect(formatClock('2026-11-25T14:00:00+01:00', { utc: true, now })).toBe('2026-11-25T13:00:00.000Z');
});
