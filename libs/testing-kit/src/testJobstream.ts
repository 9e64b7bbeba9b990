import { RegisteredHandlers, silentLogger } from '@jobstream/worker/test-engine';
import type { HandlerRegistrar, Logger } from '@jobstream/worker';
import { MemorySystem } from './memorySystem.ts';
import { RealSystem } from './realSystem.ts';
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
  /**
   * Whether it runs on a real nats-server instead: the one at NATS_URL, or one that the test starts, with the program on the
   * PATH or at NATS_SERVER. Time is real then, and `advance` refuses. Default: false.
   */
  readonly real?: boolean;
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
  const { concurrency = 10, ackWaitMs = 10_000, logger = silentLogger } = options;
  const { real = false, startAt = new Date(), patienceMs = 1_000 } = options;
  const handlers = new RegisteredHandlers();
  options.handlers(handlers);
  const settings = { handlers, concurrency, ackWaitMs, logger };
  if (real) return new TestJobstream(await RealSystem.start(settings));
  return new TestJobstream(new MemorySystem({ ...settings, patienceMs, startAt: instantOf(startAt) }));
}

function instantOf(startAt: string | Date): number {
  const ms = new Date(startAt).getTime();
  if (Number.isNaN(ms))
    throw new TypeError(`expected startAt to be a time such as 2026-01-31T09:30:00Z, got: ${String(startAt)}`);
  return ms;
}
