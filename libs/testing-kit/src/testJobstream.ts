import { TestJobstream } from './testJobs.ts';
import type { TestJobstreamOptions } from './testOptions.ts';

/**
 * Starts a Jobstream for one test: its log is in memory, its clock stands still until the test moves it, and its worker is
 * that of `createWorker`.
 *
 * @throws Error when the handlers cannot be registered.
 * @example
 * await using t = await testJobstream({ handlers: registerHandlers });
 * const job = await t.enqueue(thumbnail, { url: 'https://example.com/cat.png' });
 * await t.drain();
 * await t.expectJob(job).toBe('completed');
 */
export function testJobstream(options: TestJobstreamOptions): Promise<TestJobstream> {
  return TestJobstream.start(options);
}
