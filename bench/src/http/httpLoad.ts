import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { HttpCall } from './httpTargets.ts';

/** What a load of requests came to; latencies in ms. */
export interface HttpLoad {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Requests that were not answered, or not with success. */
  readonly failed: number;
}

const MAIN = path.join(import.meta.dirname, 'loadMain.ts');

/** Asks the same on some connections, on each as soon as the last answer is there, for some seconds. */
export async function httpLoad(url: string, call: HttpCall, seconds: number): Promise<HttpLoad> {
  const child = fork(MAIN, [JSON.stringify({ ...call, url, seconds })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load ended with ${String(code)}`)));
  exited.catch(() => {});
  const [load] = (await Promise.race([once(child, 'message'), exited])) as [HttpLoad];
  return load;
}
