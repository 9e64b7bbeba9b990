import { expect, test } from 'vitest';
import { explainDifference, type JobType } from '../index.ts';

const startedAt = '2026-11-30T08:00:00.000Z';
const type: JobType = { type: 'report', paused: false, backlog: 0, inFlight: 0, announced: true, workers: [] };
const definition = { maxAttempts: 4, timeoutMs: 60_000, worker: 'build-8', startedAt };

test('says which definition holds, and which ones living workers have beside it', () => {
  const backoff = { type: 'fixed', delayMs: 50 } as const;
  const otherDefinitions = [
    { maxAttempts: 7, backoff, worker: 'build-7', startedAt },
    { worker: 'build-6', startedAt },
  ];
  expect(explainDifference({ ...type, definition, otherDefinitions })).toBe(
    'jobs of report get maxAttempts 4, timeoutMs 60000 from the definition of build-8, which started last, but ' +
      'build-7 has maxAttempts 7, backoff {"type":"fixed","delayMs":50}; build-6 has no settings',
  );
});

test('says nothing of workers that agree', () => {
  expect(explainDifference({ ...type, definition })).toBeUndefined();
  expect(explainDifference(type)).toBeUndefined();
});
