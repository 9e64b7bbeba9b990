import { setTimeout as pause } from 'node:timers/promises';
import type { TestProcess } from '@jobstream/test-support';

/** Reached only by a worker that does not do it. */
const TIMEOUT_MS = 120_000;

/** Resolves to what a worker makes possible. @throws Error with the output of the worker when it fails, ends or is too late. */
export async function doneBy<T>(worker: TestProcess, work: Promise<T>): Promise<T> {
  const late = pause(TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`it was not done after ${TIMEOUT_MS / 1_000} s`);
  });
  const ended = worker.ended.then((code) => {
    throw new Error(`the worker ended with ${code}`);
  });
  try {
    return await Promise.race([work, late, ended]);
  } catch (cause) {
    throw new Error(`${String(cause)}\n== the output of the worker\n${worker.output}`, { cause });
  }
}
