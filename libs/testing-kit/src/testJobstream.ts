import { RegisteredHandlers, silentLogger } from '@jobstream/worker/engine';
import type { HandlerRegistrar, Logger } from '@jobstream/worker';
import { MemorySystem } from './memorySystem.ts';
import { TestJobstream } from './testJobs.ts';

/** What a test of handlers runs. */
export interface TestJobstreamOptions {
  /**
   * Registers the handlers, as the program of the worker does: write it once for both.
   *
   * @example
   * export const registerHandlers = (worker: HandlerRegistrar) => worker.handle(thumbnail, makeThumbnail);
   */
  readonly handlers: (worker: HandlerRegistrar) => unknown;
  /** Attempts of each job type that may run at once; default 10. */
  readonly concurrency?: number;
  /** Milliseconds after which the jobs of a crashed worker are given to another; default 10,000. */
  readonly ackWaitMs?: number;
  /** When the clock starts; default: now. */
  readonly startAt?: string | Date;
  /** How long `drain` and `advance` wait for handlers to end, in milliseconds of real time; default 1,000. */
  readonly patienceMs?: number;
  /** Receives the log lines of the worker and its handlers; default: none. */
  readonly logger?: Logger;
}

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
export async function testJobstream(options: TestJobstreamOptions): Promise<TestJobstream> {
  const {
    concurrency = 10,
    ackWaitMs = 10_000,
    startAt = new Date(),
    patienceMs = 1_000,
    logger = silentLogger,
  } = options;
  const handlers = new RegisteredHandlers();
  options.handlers(handlers);
  const system = new MemorySystem({
    handlers,
    concurrency,
    ackWaitMs,
    patienceMs,
    logger,
    startAt: new Date(startAt).getTime(),
  });
  return new TestJobstream(system);
}
