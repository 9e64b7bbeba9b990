import { startNats } from '@jobstream/test-support';
import type { TestNats, TestProcess } from '@jobstream/test-support';
import { spawnWorker } from './spawnWorker.ts';

/** A server for one test, and the worker processes on it. */
export interface WorkerProcesses<Log> extends AsyncDisposable {
  readonly nats: TestNats;
  readonly log: Log;
  /** Starts a worker whose settings are the defaults of the file and these; `script` instead of the shipped one. */
  readonly spawn: (env?: Record<string, string>, script?: string) => TestProcess;
  /** As `spawn`, and waits until the worker is ready. */
  readonly startWorker: (env?: Record<string, string>, script?: string) => Promise<TestProcess>;
  readonly killAll: () => Promise<unknown>;
}

/**
 * Returns what opens worker processes on a server of their own: with SIGKILL and SIGSTOP in play, tests cannot share one. They
 * mostly wait, so tests run beside each other. `logs` opens the log that the tests use; `defaults` are settings of all processes.
 */
export function workerProcesses<Log extends AsyncDisposable>(
  logs: { open(url: string): Promise<Log> },
  defaults: Record<string, string>,
): () => Promise<WorkerProcesses<Log>> {
  return async () => {
    const nats = await startNats();
    const log = await logs.open(nats.url);
    const workers: TestProcess[] = [];
    const spawn = (env: Record<string, string> = {}, script?: string) => {
      const worker = spawnWorker({ NATS_URL: nats.url, ...defaults, ...env }, script);
      workers.push(worker);
      return worker;
    };
    const killAll = () => Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    return {
      nats,
      log,
      spawn,
      killAll,
      async startWorker(env, script) {
        const worker = spawn(env, script);
        await worker.logged('ready');
        return worker;
      },
      async [Symbol.asyncDispose]() {
        await killAll();
        await log[Symbol.asyncDispose]();
        await nats[Symbol.asyncDispose]();
      },
    };
  };
}
