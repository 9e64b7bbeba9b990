import type { JobProgress, Job } from '@jobstream/domain';
import type { JobContext } from '../src/handler/jobHandler.ts';
import { silentLogger } from '../src/handler/logger.ts';

export interface TestContext extends JobContext {
  /** What the handler has reported. */
  readonly reports: readonly JobProgress[];
}

/** The context of an attempt, for tests that call a handler directly. */
export function testContext(
  given: Partial<Pick<JobContext, 'attempt' | 'runId' | 'signal' | 'job'>> = {},
): TestContext {
  const reports: JobProgress[] = [];
  return {
    job: testJob(),
    attempt: 1,
    runId: '0193a3f0-0000-7000-8000-00000000000a',
    signal: new AbortController().signal,
    ...given,
    log: silentLogger,
    step: () => Promise.reject(new Error('this context has no steps')),
    sleep: () => Promise.reject(new Error('this context has no sleeps')),
    sleepUntil: () => Promise.reject(new Error('this context has no sleeps')),
    waitFor: () => Promise.reject(new Error('this context has no signals')),
    progress: (progress) => reports.push(progress),
    reports,
  };
}

/** A job that an attempt could be running now, for tests that need no log. */
export function testJob(fields: Partial<Job> = {}): Job {
  return {
    id: '0193a3f0-0000-7000-8000-000000000001',
    type: 'order',
    status: 'processing',
    version: 2,
    payload: null,
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 0 },
    timeoutMs: 60_000,
    tags: [],
    attempt: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:01.000Z',
    ...fields,
  };
}
