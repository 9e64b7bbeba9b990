import type { JobEvent } from '@jobstream/client';
import { expect, test } from 'vitest';
import { createPrinter } from '../../output/printer.ts';
import { describeEvent } from './describeEvent.ts';

const output = { write: () => true };
const printer = createPrinter({ stdout: output, stderr: output, env: {} }, { json: false, utc: true });
const at = '2026-01-01T12:34:00.000Z';
const described = (event: string, data: object) =>
  describeEvent({ event, at, data } as unknown as JobEvent, printer)
    .split(/ {2,}/)
    .slice(1);

test.each(['JobCancelled', 'JobRequeued', 'JobDueNow', 'JobPayloadChanged', 'JobCreated'])(
  'of a %s the reason is shown',
  (event) => {
    expect(described(event, { reason: 'it was late' })).toEqual([event, 'it was late']);
    expect(described(event, {})).toEqual([event]);
  },
);

test('of a delayed repetition both are shown, when it is due and why', () => {
  const data = { runAt: '2026-01-01T12:35:00.000Z', reason: 'it was late' };
  expect(described('JobCreated', data)).toEqual(['JobCreated', 'due 2026-01-01T12:35:00.000Z: it was late']);
});

test('of the start of an attempt its worker is shown, and the release of the program if the worker says it', () => {
  expect(described('JobStarted', { attempt: 2, worker: 'w' })).toEqual(['JobStarted', 'attempt 2 on w']);
  expect(described('JobStarted', { attempt: 2, worker: 'w', workerVersion: '2.4.0' })).toEqual([
    'JobStarted',
    'attempt 2 on w, version 2.4.0',
  ]);
});

test('of a sleep its end is shown and how long the attempt has run, and then with which worker it goes on', () => {
  const until = '2026-01-04T12:34:00.000Z';
  expect(described('JobSuspended', { attempt: 2, until, ranMs: 72_000 })).toEqual([
    'JobSuspended',
    `attempt 2 sleeps after 1m 12s, due ${until}`,
  ]);
  expect(described('JobResumed', { attempt: 2, worker: 'w' })).toEqual(['JobResumed', 'attempt 2 on w']);
});

test('of a signal its name and payload are shown, and of a wait for one its name and end', () => {
  const payload = { by: 'ann' };
  expect(described('JobSignalled', { name: 'approved', payload })).toEqual(['JobSignalled', 'approved: {"by":"ann"}']);
  expect(described('JobSignalled', { name: 'approved', payload: null })).toEqual(['JobSignalled', 'approved']);
  const until = '2026-01-04T12:34:00.000Z';
  const signals = ['approved', 'rejected'];
  expect(described('JobSuspended', { attempt: 2, until, ranMs: 72_000, signals })).toEqual([
    'JobSuspended',
    `attempt 2 waits for the signal approved or rejected after 1m 12s, due ${until}`,
  ]);
  const steps = [
    { name: 'approval', durationMs: 0, result: payload, signal: { id: 's', name: 'approved' } },
    { name: 'payment', durationMs: 0, waitsUntil: until },
  ];
  expect(described('JobStepsRecorded', { attempt: 2, steps })).toEqual([
    'JobStepsRecorded',
    `approval read the signal approved, payment waits for a signal, its time limit is over ${until}`,
  ]);
});

test('of steps their names, keys and times are shown, or why they failed', () => {
  const steps = [
    { name: 'charge', durationMs: 12, result: 'paid' },
    { name: 'send', key: 'ada', durationMs: 3, error: { name: 'Error', message: 'busy' } },
  ];
  expect(described('JobStepsRecorded', { attempt: 1, steps })).toEqual([
    'JobStepsRecorded',
    'charge in 12ms, send ada failed: Error: busy',
  ]);
});

test('an event of a newer release is shown by its name', () => {
  expect(described('JobOfNewerRelease', { name: 'go' })).toEqual(['JobOfNewerRelease']);
});
