import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import { hasEnded, JobCancelledError, JobFailedError, type Job, type JobDefinition } from '@jobstream/client';
import type { JobMatch } from './jobExpectation.ts';
import { matches, mismatch, namedIn } from './matching.ts';

/** Returns the result of a job. @throws JobFailedError, JobCancelledError; Error when it has not ended. */
export function resultOf(job: Job): unknown {
  const { id, status } = job;
  if (!hasEnded(job)) throw new Error(`job ${id} has no result: it is ${status}. Call drain() or advance() first`);
  if (job.status === 'failed') throw new JobFailedError(job);
  if (job.status === 'cancelled') throw new JobCancelledError(job);
  return job.result;
}

/** @throws AssertionError when no job of the type matches. */
export function assertEnqueued(jobs: readonly Job[], { type }: JobDefinition, expected: JobMatch): void {
  const ofType = jobs.filter((job) => job.type === type);
  if (ofType.some((job) => matches(job, expected))) return;
  const sentence = `expected a job of type ${type} to be enqueued`;
  const others = [...new Set(jobs.map((job) => job.type))];
  if (ofType.length === 0)
    throw new AssertionError({ message: `${sentence}, but there is none; ${theOthers(others)}` });
  const actual = ofType.map((job) => namedIn(expected, job));
  const count = ofType.length === 1 ? 'the only job of this type is' : `the ${ofType.length} jobs of this type are`;
  throw mismatch(`${sentence} that matches, but ${count}:`, { actual, expected: [expected] }, []);
}

/** @throws AssertionError when a job of the type matches. */
export function refuteEnqueued(jobs: readonly Job[], { type }: JobDefinition, unexpected: JobMatch): void {
  const found = jobs.filter((job) => job.type === type && matches(job, unexpected));
  if (found.length === 0) return;
  const lines = found.map(
    ({ id, status, payload }) => `  ${id} ${status} ${inspect(payload, { breakLength: Infinity })}`,
  );
  const message = [`expected no job of type ${type} to be enqueued that matches, but there is:`, ...lines].join('\n');
  throw new AssertionError({ message, actual: found.map((job) => namedIn(unexpected, job)), expected: [] });
}

function theOthers(types: readonly string[]): string {
  return types.length === 0 ? 'nothing was enqueued' : `enqueued were jobs of the types ${types.join(', ')}`;
}
