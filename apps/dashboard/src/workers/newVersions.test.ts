import { expect, test } from 'vitest';
import { newVersions } from './newVersions.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString();
const started = (version: string | undefined, minute: number, types = ['email']) => {
  return { startedAt: at(minute), types, ...(version === undefined ? {} : { version }) };
};
const hour = { from: at(0), to: at(60) };

test('a version is new where its first worker started in the period, at that time', () => {
  const workers = [started('2.4.0', 20), started('2.4.0', 10), started('2.5.0', 5), started('2.3.0', 0)];
  expect(newVersions(workers, hour)).toEqual([
    { version: '2.3.0', at: at(0) },
    { version: '2.5.0', at: at(5) },
    { version: '2.4.0', at: at(10) },
  ]);
});

test('a version that was there before is not new when another of its workers starts, and one after the period neither', () => {
  expect(newVersions([started('2.3.0', -1), started('2.3.0', 10), started('2.4.0', 60)], hour)).toEqual([]);
});

test('a worker without a version begins none', () => {
  expect(newVersions([started(undefined, 7)], hour)).toEqual([]);
});

test('of a type only its workers count', () => {
  const workers = [started('1', -5, ['sms']), started('1', 5), started('2', 6, ['sms'])];
  expect(newVersions(workers, { ...hour, type: 'email' })).toEqual([{ version: '1', at: at(5) }]);
});

test('times are compared as times, however they are written', () => {
  const first = { ...started('1', 0), startedAt: '2026-01-01T00:59:00+00:59' };
  expect(newVersions([started('1', 3), first], hour)).toEqual([{ version: '1', at: first.startedAt }]);
});
