import { setTimeout as pause } from 'node:timers/promises';
import { JobstreamClient } from '@jobstream/client';
import type { ComposeProject } from './composeProject.ts';

export interface LoadOptions {
  readonly perSecond: number;
  /** Requests after which the load ends by itself. */
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
/** Concurrent requests: while the system is unavailable, more would only wait, too. */
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
  const open = new Set<Promise<void>>();
  let asked = 0;
  const ask = () => {
    asked += 1;
    const answered = jobs.create({ type: 'sleep', payload: { durationMs: 1 } }).then(
      ({ id }) => void acknowledged.add(id),
      (error: unknown) => void failures.push(error),
    );
    open.add(answered);
    void answered.finally(() => open.delete(answered));
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      const due = Math.min(atMost, Math.floor(((performance.now() - began) / 1_000) * perSecond));
      for (let missing = Math.min(due - asked, CLIENTS - open.size); missing > 0; missing -= 1) ask();
      if (asked === atMost) break;
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
