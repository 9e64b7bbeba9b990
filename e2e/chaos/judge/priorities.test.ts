import { expect, test } from 'vitest';
import { checkClocks } from './checkClocks.ts';
import { checkLoad } from './checkLoad.ts';
import { checkChain } from './checkLog.ts';
import { message } from './correctRun.ts';
import type { LoadRecord } from './evidence.ts';
import { readHistories } from './readHistories.ts';
import { replay } from './replay.ts';

const AT = '2026-01-01T00:00:00.000Z';
const creation = { priority: 'high', tags: ['token'], maxAttempts: 3 };
type Step = readonly [event: string, data?: Record<string, unknown>];

/** The history of a job with these events, whose appends expected it on a filter if one is given. */
function told(steps: readonly Step[], filter?: string) {
  const messages = steps.map(([event, data = {}], index) => {
    const { headers, ...rest } = message({ id: 'a', type: 'mail', event, version: index + 1, at: AT, data }, index + 1);
    const changed = filter === undefined ? {} : { 'nats-expected-last-subject-sequence-subject': filter };
    return Object.assign(rest, { headers: { ...headers, ...changed } });
  });
  const { byJob } = readHistories(messages);
  return { history: byJob.get('a') ?? [], byJob };
}

/** What a client writes down that has asked for the job with this priority. */
function acknowledgedWith(priority: string): readonly LoadRecord[] {
  return [
    { kind: 'sent', token: 'token', keyed: false },
    { kind: 'created', token: 'token', id: 'a', status: 201, priority },
  ];
}

const priorityAfter = (...steps: readonly Step[]) => replay('a', told(steps).history).job?.['priority'];
const created: Step = ['JobCreatedWithPriority', creation];
const cancelled: Step = ['JobCancelled'];

test('a job has the priority of its creation, of a change, or of a requeue, of which a plain one makes it normal', () => {
  expect(priorityAfter(created)).toBe('high');
  expect(priorityAfter(created, ['JobPriorityChanged', { priority: 'low' }])).toBe('low');
  expect(priorityAfter(created, ['JobPriorityChanged', { priority: 'normal' }])).toBeUndefined();
  expect(priorityAfter(created, cancelled, ['JobRequeuedWithPriority', { priority: 'low' }])).toBe('low');
  expect(priorityAfter(created, cancelled, ['JobRequeued'])).toBeUndefined();
});

test('a job that is carried with another priority is found', () => {
  const state = { tags: ['token'], maxAttempts: 3, createdAt: AT, status: 'pending', attempt: 0 };
  const carriedWith = (priority: string) =>
    replay('a', told([created, ['JobCarried', { ...state, priority }]]).history).violations;
  expect(carriedWith('high')).toEqual([]);
  expect(carriedWith('low')).toMatchObject([{ rule: 'illegal' }]);
});

test('an event that names another priority than its subject is found', () => {
  const data = { ...creation };
  const first = message({ id: 'a', type: 'mail', event: 'JobCreatedWithPriority', version: 1, at: AT, data }, 1);
  expect(readHistories([first]).violations).toEqual([]);
  const moved = { ...first, subject: 'jobs.mail.a.low' };
  expect(readHistories([moved]).violations).toMatchObject([{ rule: 'message', jobId: 'a' }]);
});

test('a creation with a priority looks at all subjects of its job, and at nothing less', () => {
  expect(checkChain('a', told([created]).history)).toEqual([]);
  expect(checkChain('a', told([created], 'jobs.mail.a.>').history)).toMatchObject([{ rule: 'chain' }]);
});

test('a job that was acknowledged with a priority, and has another, is lost', () => {
  const { byJob, history } = told([created, cancelled]);
  const jobs = new Map([['a', replay('a', history).job]]);
  expect(checkLoad(acknowledgedWith('high'), byJob, jobs)).toEqual([]);
  expect(checkLoad(acknowledgedWith('low'), byJob, jobs)).toMatchObject([{ rule: 'lost', jobId: 'a' }]);
});

test('the times of a creation with a priority are those of the server', () => {
  const delayed = { ...creation, delayMs: 500, runAt: '2026-01-01T01:00:00.000Z' };
  expect(checkClocks('a', told([['JobCreatedWithPriority', delayed]]).history)).toMatchObject([{ rule: 'clock' }]);
});
