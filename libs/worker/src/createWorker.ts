import type { WorkerOptions } from './options/workerOptions.ts';
import { workerSettings } from './options/workerSettings.ts';
import { QueueWorker } from './queueWorker.ts';
import type { HandlerRegistrar } from './registeredHandlers.ts';

/** Runs the jobs of the types that it has handlers for. Made by `createWorker`. */
export interface Worker extends HandlerRegistrar {
  /**
   * Runs the worker as the purpose of this process: logs lines of JSON to standard output unless it has a logger, takes
   * SIGTERM and SIGINT, and returns when it has stopped. Running attempts are given the grace time and then released,
   * which uses up no attempt; a second signal ends the process at once. If something still keeps the process alive five
   * seconds later, such as a handler that ignores its signal, the process exits.
   *
   * When NATS cannot be reached, refuses the credentials, is too old, or lacks the streams, it logs one line that says so and
   * what to do, with the stack at debug, sets the exit code 1, and returns. For a mistake in the environment it logs a line for each
   * variable, sets the exit code 2, and returns.
   *
   * @throws as `start` for any other reason.
   */
  run(): Promise<void>;

  /**
   * Connects and takes jobs, as a part of a process that has other purposes: it takes no signals, opens no port, and
   * writes no log lines unless it has a logger. Returns when jobs are accepted.
   *
   * @throws Error when the NATS server cannot be reached or is older than 2.14.4, or its streams are missing; WorkerOptionsError for
   * mistakes in the environment.
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
 * @throws WorkerOptionsError when options are invalid; what is wrong in the environment is told by `run` or `start`.
 * @example
 * const worker = createWorker({ concurrency: 20 });
 * worker.handle(thumbnail, async ({ url, width }, { signal }) => ({ bytes: await resize(url, width, signal) }));
 * await worker.run();
 */
export function createWorker(options: WorkerOptions = {}): Worker {
  return new QueueWorker(workerSettings(options));
}
