import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import { expect, test } from 'vitest';
import { testJob } from '../../testing/testJob.ts';
import type { WorkerContext } from '../workerContext.ts';
import { readFreshState } from './readFreshState.ts';

const failed: JobSnapshot = { job: testJob({ status: 'failed' }), sequence: 7 };
const requeued: JobSnapshot = { job: testJob({ status: 'pending' }), sequence: 8 };

/** A log that gives one answer after the other, the last one for good. */
function logOf(...answers: (JobSnapshot | undefined)[]) {
  const asked: string[] = [];
  const readJob = (jobId: string) => {
    asked.push(jobId);
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1]);
  };
  return { asked, context: contextOf({ readJob }) };
}

function contextOf(eventLog: Pick<WorkerContext['eventLog'], 'readJob'>, closing = new AbortController().signal) {
  return { eventLog: eventLog as WorkerContext['eventLog'], closing };
}

const call = { jobId: 'j', jobType: 'order', causationId: 'm1', deliveryCount: 1 } as Delivery;
const calledAt8 = { ...call, recorded: { sequence: 8 } } as Delivery;

test('is read again while the job does not exist yet where it is read', async () => {
  const { context, asked } = logOf(undefined, undefined, requeued);
  expect(await readFreshState(calledAt8, context)).toBe(requeued);
  expect(asked).toHaveLength(3);
});

test('is read again while it is older than the message', async () => {
  const { context } = logOf(failed, requeued);
  expect(await readFreshState(calledAt8, context)).toBe(requeued);
});

test('a timer says nothing about how new the state must be', async () => {
  const { context, asked } = logOf(failed);
  expect(await readFreshState(call, context)).toBe(failed);
  expect(asked).toHaveLength(1);
});

test('an old state is handed over in the end, as when the beginning of the job was dropped for its age', async () => {
  const { context } = logOf(undefined);
  expect(await readFreshState(calledAt8, context)).toBeUndefined();
});

test('nobody waits when the worker closes', async () => {
  const readJob = () => Promise.resolve(failed);
  expect(await readFreshState(calledAt8, contextOf({ readJob }, AbortSignal.abort()))).toBe(failed);
});
