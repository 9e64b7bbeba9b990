import { setTimeout as pause } from 'node:timers/promises';
import { JobstreamClient } from '@jobstream/client';
import type { ComposeProject } from './composeProject.ts';

export interface LoadOptions {
  readonly perSecond: number;
  /** Ends by itself after so many requests, whatever happens. */
  readonly atMost: number;
}

/** Requests for new jobs at a steady rate. */
export interface SteadyLoad {
  readonly acknowledged: ReadonlySet<string>;
  /** Requests that failed although they were repeated. */
  readonly failures: readonly unknown[];
  /** Stops asking, waits for all answers, and returns how many requests a second there were. */
  stop(): Promise<number>;
}

const TICK_MS = 20;
/** Clients that wait for an answer at once: while the system is away, more would only wait, too. */
const CLIENTS = 200;
/** Repeated for longer than any part of the system takes to start. */
const RETRY_MS = 60_000;

/** Begins to create jobs through the retrying client, on this machine only. */
export function steadyLoad({ api, key }: ComposeProject, { perSecond, atMost }: LoadOptions): SteadyLoad {
  const { jobs } = new JobstreamClient({ url: api, credentials: key, retryForMs: RETRY_MS });
  const acknowledged = new Set<string>();
  const failures: unknown[] = [];
  const began = performance.now();
  const stopping = new AbortController();
  let [asked, waiting] = [0, 0];
  const ask = async () => {
    asked += 1;
    waiting += 1;
    try {
      acknowledged.add((await jobs.create({ type: 'sleep', payload: { durationMs: 1 } })).id);
    } catch (error) {
      failures.push(error);
    } finally {
      waiting -= 1;
    }
  };
  const run = async () => {
    const open: Promise<void>[] = [];
    while (!stopping.signal.aborted && asked < atMost) {
      const due = Math.min(atMost, Math.floor(((performance.now() - began) / 1_000) * perSecond));
      while (asked < due && waiting < CLIENTS) open.push(ask());
      await pause(TICK_MS);
    }
    const rate = asked / ((performance.now() - began) / 1_000);
    await Promise.all(open);
    return rate;
  };
  const running = run();
  return {
    acknowledged,
    failures,
    stop() {
      stopping.abort();
      return running;
    },
  };
}
