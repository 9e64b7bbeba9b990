import type { JobProgress } from '@jobstream/domain';
import { createLogger } from '@jobstream/runtime';
import type { JobContext } from '../src/handler/jobContext.ts';
import { testJob } from './testJob.ts';

export interface TestContext extends JobContext {
  /** What the handler has reported. */
  readonly reports: readonly JobProgress[];
}

/** The context of an attempt, for tests that call a handler directly. */
export function testContext(given: Partial<Pick<JobContext, 'attempt' | 'signal' | 'job'>> = {}): TestContext {
  const reports: JobProgress[] = [];
  return {
    job: testJob(),
    attempt: 1,
    signal: new AbortController().signal,
    ...given,
    log: createLogger({ service: 'test', level: 'silent' }),
    progress: (progress) => reports.push(progress),
    reports,
  };
}
