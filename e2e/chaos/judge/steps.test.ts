import { expect, test } from 'vitest';
import { message } from './correctRun.ts';
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
