import { startNats } from '@jobstream/test-support';
import type { TestNats } from '@jobstream/test-support';
import { afterEach, beforeEach } from 'vitest';
import { spawnWorker } from './spawnWorker.ts';

/**
 * Worker processes on a server of its own for each test of a file: with SIGKILL and SIGSTOP in play, tests cannot share
 * one. `logs` opens the log that the tests use; `defaults` are settings of all processes.
 */
export function workerProcesses<Log extends AsyncDisposable>(
  logs: { open(url: string): Promise<Log> },
  defaults: Record<string, string>,
) {
  let current: { nats: TestNats; log: Log; workers: ReturnType<typeof spawnWorker>[] };
  beforeEach(async () => {
    const nats = await startNats();
    current = { nats, log: await logs.open(nats.url), workers: [] };
  });
  const killAll = () => Promise.all(current.workers.map((worker) => worker[Symbol.asyncDispose]()));
  afterEach(async () => {
    await killAll();
    await current.log[Symbol.asyncDispose]();
    await current.nats[Symbol.asyncDispose]();
  });
  const spawn = (env: Record<string, string> = {}, script?: string) => {
    const worker = spawnWorker({ NATS_URL: current.nats.url, ...defaults, ...env }, script);
    current.workers.push(worker);
    return worker;
  };
  /** Spawns a worker and waits until it is ready. */
  const start = async (env: Record<string, string> = {}, script?: string) => {
    const worker = spawn(env, script);
    await worker.logged('ready');
    return worker;
  };
  return { nats: () => current.nats, log: () => current.log, spawn, start, killAll };
}
