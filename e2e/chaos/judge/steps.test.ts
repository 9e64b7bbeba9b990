import { expect, test } from 'vitest';
import { checkStepRows, checkSteps } from './checkSteps.ts';
import { correctRun, message } from './correctRun.ts';
import type { StepEffect, StepRow } from './evidence.ts';
import { readHistories } from './readHistories.ts';
import { replay } from './replay.ts';

const AT = '2026-01-01T00:00:00.000Z';
type Step = readonly [event: string, data?: Record<string, unknown>];

const created: Step = ['JobCreated', { tags: ['token'], maxAttempts: 3 }];
const started = (attempt: number): Step => ['JobStarted', { attempt, worker: 'w' }];
const failed: Step = ['JobFailed', { attempt: 1, error: { name: 'E', message: 'no' }, reason: 'unrecoverable' }];
const recorded = (from: number, step: object = {}): Step => [
  'JobStepsRecorded',
  { attempt: 1, from, steps: [{ name: 'charge', durationMs: 1, ...step }] },
];
const changed = (data: object): Step[] => [failed, ['JobPayloadChanged', { payload: 1, ...data }], ['JobRequeued']];
const again: readonly Step[] = [failed, ['JobRequeued'], started(1)];

function violationsOf(...steps: readonly Step[]) {
  const messages = steps.map(([event, data = {}], index) =>
    message({ id: 'a', type: 'mail', event, version: index + 1, at: AT, data }, index + 1),
  );
  return replay('a', readHistories(messages).byJob.get('a') ?? []).violations;
}

test('a step that has a result must not run again', () => {
  const once = [created, started(1), recorded(0)];
  expect(violationsOf(...once, recorded(1, { key: 'other' }))).toEqual([]);
  expect(violationsOf(...once, ...again, recorded(1))).toMatchObject([{ rule: 'illegal' }]);
});

test('a step runs again after an error, and after another payload', () => {
  const error = { name: 'E', message: 'no' };
  expect(violationsOf(created, started(1), recorded(0, { error }), ...again, recorded(1))).toEqual([]);
  const once = [created, started(1), recorded(0)];
  expect(violationsOf(...once, ...changed({}), started(1), recorded(0))).toEqual([]);
  const kept = violationsOf(...once, ...changed({ keepSteps: true }), started(1), recorded(1));
  expect(kept).toMatchObject([{ rule: 'illegal' }]);
});

test('steps that were recorded behind others than they say are found', () => {
  expect(violationsOf(created, started(1), recorded(1))).toMatchObject([{ rule: 'illegal' }]);
});

const isOfSteps = ({ jobId }: { readonly jobId?: string }) => jobId === 'a';

/** What is found of steps whose work was done, each in the attempt that a message of this sequence has started. */
function foundIn(steps: readonly Step[], ...work: readonly (readonly [start: number, result?: string])[]) {
  const messages = steps.map(([event, data = {}], index) =>
    message({ id: 'a', type: 'mail', event, version: index + 1, at: AT, data }, index + 1),
  );
  const effects = work.map(([start, result = 'paid']): StepEffect => {
    return { jobId: 'a', runId: `event-${start}`, name: 'charge', result, at: Date.parse(AT) };
  });
  const found = checkSteps(effects, readHistories(messages).byJob);
  expect(found.filter((one) => !isOfSteps(one) || one.rule !== 'steps')).toEqual([]);
  return found.map(({ detail }) => detail);
}

const paid = recorded(0, { result: 'paid' });
const completed = (result: object): Step => ['JobCompleted', { attempt: 1, result, durationMs: 1 }];

test('a step that was done once, and recorded, is as it should be', () => {
  expect(foundIn([created, started(1), paid, completed({ steps: ['paid'] })], [2])).toEqual([]);
});

test('a step may be done again where its attempt was cut off before it was recorded', () => {
  expect(foundIn([created, started(1), started(2), paid], [2, 'lost'], [3])).toEqual([]);
});

test('a step that has a result, and is done in a later attempt or twice in one, is found', () => {
  expect(foundIn([created, started(1), paid, started(2)], [2], [4])).toEqual([
    'charge ran again in event-4, which had its result',
  ]);
  expect(foundIn([created, started(1), paid], [2], [2])).toEqual(['charge ran twice in event-2']);
  expect(foundIn([created, started(1)], [1])).toEqual(['charge ran in an attempt that was not started']);
});

test.each([
  ['JobCompleted', { result: {} }],
  ['JobRetryScheduled', { error: { name: 'Error', message: 'as planned' }, retryAt: AT }],
])('work without a record is found where its attempt went on to %s', (event, data) => {
  expect(foundIn([created, started(1), [event, { attempt: 1, ...data }]], [2])).toEqual([
    `charge ran in event-2, which went on to ${event} without a record of it`,
  ]);
});

test('results that no work has returned, and those of a job that are other ones, are found', () => {
  expect(foundIn([created, started(1), paid])).toEqual(['charge has a result, and its work was never done']);
  expect(foundIn([created, started(1), paid, completed({ steps: ['free'] })], [2])).toEqual([
    'the job was completed with other ones at 4',
  ]);
  expect(foundIn([created, started(1), paid, ['JobCarriedWithSteps', { steps: [] }]], [2])).toEqual([
    'other ones were carried at 4',
  ]);
});

test('rows of steps that are missing, too many or other ones are found', () => {
  const { messages, stepRows } = correctRun();
  const { byJob } = readHistories(messages);
  const [charge, send, ...others] = stepRows as [StepRow, StepRow];
  const foundInRows = (...rows: readonly StepRow[]) =>
    checkStepRows([...rows, ...others], byJob).map(({ rule, jobId }) => `${rule} ${jobId}`);
  expect(foundInRows(charge, send)).toEqual([]);
  expect(foundInRows(charge)).toEqual(['row with-steps']);
  expect(foundInRows(charge, send, { ...send, jobId: 'plain' })).toEqual(['row plain']);
  expect(foundInRows({ ...charge, result: 'free' }, send)).toEqual(['row with-steps']);
  expect(foundInRows({ ...charge, attempt: 2 }, send)).toEqual(['row with-steps']);
});
