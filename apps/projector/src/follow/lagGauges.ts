import type { EventLog, Lag } from '@jobstream/eventlog';
import { cachedFor, type Metrics } from '@jobstream/runtime';

/** What is asked about the log when metrics are collected. */
export type MeasuredLog = Pick<EventLog, 'isConnected' | 'clock'> & { readonly stats: Pick<EventLog['stats'], 'lag'> };

/** A gauge by its name and help. */
interface Described {
  readonly name: string;
  readonly help: string;
}

export interface LagGaugesOptions {
  readonly log: MeasuredLog;
  /** Returns the sequence up to which everything is written; undefined in a process that does not write. */
  readonly position: () => number | undefined;
  /** How many messages are left. */
  readonly events: Described;
  /** How old the oldest of them is. */
  readonly seconds: Described;
}

const CACHE_MS = 1_000;

/** Adds gauges that show how far a follower of the log is behind. The log is asked when they are collected, at most every second. */
export function lagGauges(metrics: Metrics, { log, position, events, seconds }: LagGaugesOptions): void {
  const ask = cachedFor(CACHE_MS, () => log.stats.lag(position() ?? 0));
  const gauge = (described: Described, valueOf: (lag: Lag) => number) =>
    metrics.gauge({
      ...described,
      collect: async (collected) => {
        if (position() === undefined || !log.isConnected()) return;
        const lag = await ask().catch(() => undefined);
        if (lag !== undefined) collected.set(valueOf(lag));
      },
    });
  gauge(events, (lag) => lag.events);
  gauge(seconds, (lag) => ageOf(lag, log.clock.now()));
}

function ageOf({ oldestAt }: Lag, now: number): number {
  return oldestAt === undefined ? 0 : Math.max(0, now - Date.parse(oldestAt)) / 1_000;
}
