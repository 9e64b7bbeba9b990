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
/** Repeated for longer than any part of the system takes to start. */
const RETRY_MS = 60_000;

/** Begins to create jobs through the retrying client, on this machine only. */
export function steadyLoad({ api, key }: ComposeProject, { perSecond, atMost }: LoadOptions): SteadyLoad {
  const { jobs } = new JobstreamClient({ url: api, credentials: key, retryForMs: RETRY_MS });
  const acknowledged = new Set<string>();
  const failures: unknown[] = [];
  const began = performance.now();
  const stopping = new AbortController();
  let asked = 0;
  const ask = async () => {
    try {
      acknowledged.add((await jobs.create({ type: 'sleep', payload: { durationMs: 1 } })).id);
    } catch (error) {
      failures.push(error);
    }
  };
  const run = async () => {
    const open: Promise<void>[] = [];
    while (!stopping.signal.aborted && asked < atMost) {
      const due = Math.min(atMost, Math.floor(((performance.now() - began) / 1_000) * perSecond));
      for (; asked < due; asked += 1) open.push(ask());
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
