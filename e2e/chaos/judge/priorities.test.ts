import { expect, test } from 'vitest';
import { checkClocks } from './checkClocks.ts';
import { checkLoad } from './checkLoad.ts';
import { checkChain } from './checkLog.ts';
import { correctRun, message } from './correctRun.ts';
import { readHistories } from './readHistories.ts';
import { replay } from './replay.ts';

const AT = '2026-01-01T00:00:00.000Z';
const creation = { priority: 'high', tags: ['token'], maxAttempts: 3 };
type Step = readonly [event: string, data?: Record<string, unknown>];

/** The history of a job with these events, and what is wrong with their messages. */
function told(steps: readonly Step[], change: (headers: Record<string, string>) => object = () => ({})) {
  const messages = steps.map(([event, data = {}], index) => {
    const one = message({ id: 'a', type: 'mail', event, version: index + 1, at: AT, data }, index + 1);
    return { ...one, headers: { ...one.headers, ...change(one.headers) } };
  });
  const { byJob, violations } = readHistories(messages);
  return { history: byJob.get('a') ?? [], violations, byJob };
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
  const run = correctRun();
  const messages = run.messages.map((one) =>
    one.subject.endsWith('.requeued-high.carried') ? { ...one, body: one.body.replace('"high"', '"low"') } : one,
  );
  const history = readHistories(messages).byJob.get('requeued-high') ?? [];
  expect(replay('requeued-high', history).violations).toMatchObject([{ rule: 'illegal' }]);
});

test('an event that names another priority than its subject is found', () => {
  const { violations } = told([created]);
  expect(violations).toEqual([]);
  const [first] = correctRun().messages.filter(({ subject }) => subject.endsWith('.lowered.high'));
  const moved = { ...first!, subject: first!.subject.replace(/high$/u, 'low') };
  expect(readHistories([moved]).violations).toMatchObject([{ rule: 'message', jobId: 'lowered' }]);
});

test('a creation with a priority looks at all subjects of its job, and at nothing less', () => {
  const looksAt = (filter: string) => () => ({ 'nats-expected-last-subject-sequence-subject': filter });
  expect(checkChain('a', told([created]).history)).toEqual([]);
  expect(checkChain('a', told([created], looksAt('jobs.mail.a.>')).history)).toMatchObject([{ rule: 'chain' }]);
});

test('a job that was acknowledged with a priority, and has another, is lost', () => {
  const { byJob, history } = told([created, cancelled]);
  const jobs = new Map([['a', replay('a', history).job]]);
  const load = (priority: string) =>
    [
      { kind: 'sent', token: 'token', keyed: false },
      { kind: 'created', token: 'token', id: 'a', status: 201, priority },
    ] as const;
  expect(checkLoad(load('high'), byJob, jobs)).toEqual([]);
  expect(checkLoad(load('low'), byJob, jobs)).toMatchObject([{ rule: 'lost', jobId: 'a' }]);
});

test('the times of a creation with a priority are those of the server', () => {
  const delayed = { ...creation, delayMs: 500, runAt: '2026-01-01T01:00:00.000Z' };
  expect(checkClocks('a', told([['JobCreatedWithPriority', delayed]]).history)).toMatchObject([{ rule: 'clock' }]);
});
