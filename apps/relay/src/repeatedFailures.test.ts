import { expect, test } from 'vitest';
import { RepeatedFailures } from './repeatedFailures.ts';

test('a row is to blame that fails three times, with others stored in between', () => {
  const failures = new RepeatedFailures();
  const fail = () => {
    failures.stored(1);
    return failures.failed('a');
  };
  expect([fail(), fail(), fail(), fail()]).toEqual([false, false, true, false]);
});

test('an outage, in which nothing is stored, blames no row however often it fails', () => {
  const failures = new RepeatedFailures();
  failures.stored(100);
  expect(Array.from({ length: 10 }, () => failures.failed('a'))).not.toContain(true);
});

test('only the newest of many failing rows are remembered', () => {
  const failures = new RepeatedFailures();
  const failAll = (rows: number) => {
    failures.stored(1);
    return Array.from({ length: rows }, (_, number) => failures.failed(String(number))).filter(Boolean).length;
  };
  expect([failAll(2_000), failAll(2_000), failAll(2_000)]).toEqual([0, 0, 0]);
  expect([failAll(1_000), failAll(1_000), failAll(1_000)]).toEqual([0, 0, 1_000]);
});
