import { expect, test } from 'vitest';
import { CauseLog, type Occurrence } from './causeLog.ts';

function newLog() {
  const lines: object[] = [];
  const clock = { now: 0 };
  const write = (details: object, message?: string) => void lines.push({ ...details, message });
  const logger = { warn: write, error: write } as ConstructorParameters<typeof CauseLog>[0];
  return { lines, clock, causes: new CauseLog(logger, () => clock.now) };
}

const occurrence = (cause: string): Occurrence => ({ level: 'warn', message: 'failed', cause, details: { cause } });

test('each cause is logged once, and again after a minute with how often it has occurred', () => {
  const { lines, clock, causes } = newLog();
  for (let time = 0; time < 60_000; time += 100) {
    clock.now = time;
    causes.log(occurrence('a'));
  }
  causes.log(occurrence('b'));
  expect(lines).toEqual([
    { cause: 'a', message: 'failed' },
    { cause: 'b', message: 'failed' },
  ]);
  clock.now = 60_000;
  causes.log(occurrence('a'));
  expect(lines.at(-1)).toEqual({ cause: 'a', message: 'failed', occurrences: 600 });
  clock.now = 120_000;
  causes.log(occurrence('a'));
  expect(lines.at(-1)).toEqual({ cause: 'a', message: 'failed', occurrences: 1 });
});

test('only the newest causes are remembered', () => {
  const { lines, causes } = newLog();
  for (let number = 0; number <= 100; number += 1) causes.log(occurrence(String(number)));
  causes.log(occurrence('100'));
  expect(lines).toHaveLength(101);
  causes.log(occurrence('0'));
  expect(lines).toHaveLength(102);
});
