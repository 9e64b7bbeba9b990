import type { JobDefinition } from '@jobstream/client';
import type { TypeLimits } from './attemptRunner.ts';
import {
  handlerRegistry,
  jobHandler,
  type Handler,
  type HandlerRegistry,
  type JobContext,
  type JobHandler,
} from './handler/jobHandler.ts';
import type { HandleOptions, ThreadOptions } from './options/handleOptions.ts';
import { WorkerOptionsError } from './options/workerOptions.ts';
import { scheduleMistake } from './schedules/scheduleOfDefinition.ts';
import { ThreadPool } from './threads/threadPool.ts';

const MAX_THREADS = 1_000;

/** Takes the handlers of a program: a worker, or a test of them. */
export interface HandlerRegistrar {
  /**
   * Registers the handler of a job type; call it before the worker starts. Returns the worker.
   *
   * @throws Error when the type has a handler already, or the worker has started; WorkerOptionsError for what is no definition.
   */
  handle<Definition extends JobDefinition>(
    definition: Definition,
    handler: JobHandler<Definition>,
    options?: HandleOptions,
  ): this;
  /**
   * Registers a handler that computes for longer than some milliseconds: the default export of `module` runs in worker
   * threads, so that it blocks neither heartbeats nor other jobs. An uncaught error, an exit or a full heap of a thread
   * fails its attempt. When its signal is aborted, a handler has half a second to end before its thread is terminated.
   *
   * Payload, result and the fields of log lines are copied between threads.
   *
   * @example
   * worker.handle(thumbnail, new URL('./thumbnail.js', import.meta.url), { threads: 4 });
   */
  handle(definition: JobDefinition, module: URL, options: ThreadOptions): this;
}

/** The handlers that were registered, with their limits and their threads. */
export class RegisteredHandlers implements HandlerRegistrar {
  /** The limits of single types. */
  readonly limits = new Map<string, TypeLimits>();
  readonly #handlers: Handler[] = [];
  readonly #pools: ThreadPool[] = [];

  handle<Definition extends JobDefinition>(
    definition: Definition,
    work: JobHandler<Definition> | URL,
    options: HandleOptions | ThreadOptions = {},
  ): this {
    if (typeof definition?.type !== 'string') {
      throw new WorkerOptionsError([
        `expected a definition that defineJob has made, got: ${JSON.stringify(definition)}`,
      ]);
    }
    const mistake = scheduleMistake(definition);
    if (mistake !== undefined) throw new WorkerOptionsError([mistake]);
    const handler = jobHandler(definition, work instanceof URL ? this.#inThreads(work, options) : work);
    handlerRegistry([...this.#handlers, handler]);
    this.#handlers.push(handler);
    const { rate, concurrency = 'threads' in options ? options.threads : undefined } = options;
    this.limits.set(definition.type, {
      ...(rate === undefined ? {} : { rate }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    return this;
  }

  registry(): HandlerRegistry {
    return handlerRegistry(this.#handlers);
  }

  /** Ends the threads. */
  async stop(): Promise<void> {
    for (const pool of this.#pools) await pool.stop();
  }

  #inThreads(module: URL, options: Partial<ThreadOptions>): (payload: unknown, ctx: JobContext) => Promise<unknown> {
    const { threads = 0, maxHeapMb } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new WorkerOptionsError([`expected threads to be an integer from 1 to ${MAX_THREADS}, got: ${threads}`]);
    }
    const pool = new ThreadPool({ module, threads, ...(maxHeapMb === undefined ? {} : { maxHeapMb }) });
    this.#pools.push(pool);
    return (payload, ctx) => pool.run(payload, ctx);
  }
}
