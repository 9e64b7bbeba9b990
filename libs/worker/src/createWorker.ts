import type { JobDefinition } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { systemClock } from './attempt/clock.ts';
import type { TypeLimits } from './attemptRunner.ts';
import { handlerRegistry, jobHandler, type Handler, type JobContext, type JobHandler } from './handler/jobHandler.ts';
import { silentLogger, type Logger } from './handler/logger.ts';
import { standardOutputLogger } from './options/lineLogger.ts';
import { WorkerOptionsError, type WorkerOptions } from './options/workerOptions.ts';
import { workerSettings, type WorkerSettings } from './options/workerSettings.ts';
import { JobWorker } from './jobWorker.ts';
import { runUntilSignal } from './runUntilSignal.ts';
import { attemptMetrics } from './telemetry/attemptMetrics.ts';
import { OpenTelemetryTracing } from './telemetry/openTelemetryTracing.ts';
import { registryMetrics } from './telemetry/registryMetrics.ts';
import { TracePropagation } from './telemetry/tracePropagation.ts';
import { ThreadPool } from './threads/threadPool.ts';

const MAX_THREADS = 1_000;

/** Limits of one job type in this process. */
export interface HandleOptions {
  /** Attempts that may run at once; default: the worker's `concurrency`. */
  readonly concurrency?: number;
  /** At most `starts` attempts begin within any `perMs` milliseconds; default: no limit. */
  readonly rate?: { readonly starts: number; readonly perMs: number };
}

/** How handlers run in threads. */
export interface ThreadOptions extends HandleOptions {
  /** The largest number of threads, 1 to 1,000, and thus of attempts that run at once. Threads start when they are needed. */
  readonly threads: number;
  /** The largest heap of a thread, in megabytes; default: Node's. An attempt that needs more fails. */
  readonly maxHeapMb?: number;
}

/** Runs the jobs of the types that it has handlers for. Made by `createWorker`. */
export interface Worker {
  /**
   * Registers the handler of a job type; call it before the worker starts. Returns the worker.
   *
   * @throws Error when the type has a handler already, or the worker has started.
   */
  handle<Definition extends JobDefinition>(
    definition: Definition,
    handler: JobHandler<Definition>,
    options?: HandleOptions,
  ): Worker;
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
  handle(definition: JobDefinition, module: URL, options: ThreadOptions): Worker;

  /**
   * Runs the worker as the purpose of this process: logs lines of JSON to standard output unless it has a logger, takes
   * SIGTERM and SIGINT, and returns when it has stopped. Running attempts are given the grace time and then released,
   * which uses up no attempt; a second signal ends the process at once. If something still keeps the process alive five
   * seconds later, such as a handler that ignores its signal, the process exits.
   *
   * @throws as `start`.
   */
  run(): Promise<void>;

  /**
   * Connects and takes jobs, as a part of a process that has other purposes: it takes no signals, opens no port, and
   * writes no log lines unless it has a logger. Returns when jobs are accepted.
   *
   * @throws Error when the NATS server cannot be reached or is older than 2.14.4, or its streams are missing.
   */
  start(): Promise<void>;

  /**
   * Takes no more jobs, gives running attempts the grace time, then aborts and releases those still running, which uses up
   * no attempt. Returns when all is done; can be repeated.
   */
  stop(): Promise<void>;
}

/**
 * Creates a worker, which does nothing until `run` or `start`.
 *
 * @throws WorkerOptionsError when options or environment variables are invalid.
 * @example
 * const worker = createWorker({ concurrency: 20 });
 * worker.handle(thumbnail, async ({ url, width }, { signal }) => ({ bytes: await resize(url, width, signal) }));
 * await worker.run();
 */
export function createWorker(options: WorkerOptions = {}): Worker {
  return new QueueWorker(workerSettings(options));
}

/** Something that `stop` has to end. */
interface Part {
  stop(): Promise<void>;
}

class QueueWorker implements Worker {
  readonly #settings: WorkerSettings;
  readonly #handlers: Handler[] = [];
  readonly #limits = new Map<string, TypeLimits>();
  readonly #parts: Part[] = [];
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  handle<Definition extends JobDefinition>(
    definition: Definition,
    work: JobHandler<Definition> | URL,
    options: HandleOptions | ThreadOptions = {},
  ): Worker {
    if (this.#started !== undefined) throw new Error(`handle(${definition.type}) was called after the worker started`);
    const handler = jobHandler(definition, work instanceof URL ? this.#inThreads(work, options) : work);
    handlerRegistry([...this.#handlers, handler]);
    this.#handlers.push(handler);
    const { rate, concurrency = 'threads' in options ? options.threads : undefined } = options;
    this.#limits.set(definition.type, {
      ...(rate === undefined ? {} : { rate }),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
    return this;
  }

  #inThreads(module: URL, options: Partial<ThreadOptions>): (payload: unknown, ctx: JobContext) => Promise<unknown> {
    const { threads = 0, maxHeapMb } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new WorkerOptionsError([`expected threads to be an integer from 1 to ${MAX_THREADS}, got: ${threads}`]);
    }
    const pool = new ThreadPool({ module, threads, ...(maxHeapMb === undefined ? {} : { maxHeapMb }) });
    this.#parts.push(pool);
    return (payload, ctx) => pool.run(payload, ctx);
  }

  run(): Promise<void> {
    const logger = this.#settings.logger ?? standardOutputLogger();
    return runUntilSignal({ start: () => this.#startOnce(logger), stop: () => this.stop() }, logger);
  }

  start(): Promise<void> {
    return this.#startOnce(this.#settings.logger ?? silentLogger);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #startOnce(logger: Logger): Promise<void> {
    this.#started ??= this.#start(logger);
    return this.#started;
  }

  async #start(logger: Logger): Promise<void> {
    const { name, version, concurrency, ackWaitMs, shutdownGraceMs, metrics } = this.#settings;
    const tracing = this.#tracing();
    const eventLog = this.#eventLog(logger, tracing.current);
    this.#parts.unshift(eventLog);
    await eventLog.start();
    const worker = new JobWorker({
      name,
      version,
      eventLog,
      logger,
      tracing,
      concurrency,
      ackWaitMs,
      shutdownGraceMs,
      handlers: handlerRegistry(this.#handlers),
      limits: this.#limits,
      clock: systemClock(),
      ...(metrics === undefined ? {} : { observer: attemptMetrics(await registryMetrics(metrics)) }),
    });
    this.#parts.unshift(worker);
    await worker.start();
  }

  #tracing(): OpenTelemetryTracing | TracePropagation {
    const { tracing } = this.#settings;
    return tracing === undefined ? new TracePropagation() : new OpenTelemetryTracing(tracing);
  }

  #eventLog(logger: Logger, traceparent: () => string | undefined): EventLog {
    const { natsUrl, natsUser, natsPassword, natsCreds, payloadKeys } = this.#settings;
    return new EventLog({
      name: 'worker',
      url: natsUrl,
      user: natsUser,
      password: natsPassword,
      credsFile: natsCreds,
      masterKeys: payloadKeys,
      createStreams: false,
      logger,
      traceparent,
    });
  }

  async #stop(): Promise<void> {
    await this.#started?.catch(() => undefined);
    for (const part of this.#parts) await part.stop();
  }
}
