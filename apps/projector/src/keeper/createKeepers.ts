import type { openArchive } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import { ReadModel } from '@jobstream/readmodel';
import type { Config, Logger, Metrics, Service } from '@jobstream/runtime';
import { ArchivedThrough } from './archivedThrough.ts';
import { Keeper } from './keeper.ts';
import type { KeeperObserver } from './keeper.ts';

export interface KeepersOptions {
  readonly config: Config;
  readonly eventLog: EventLog;
  readonly opened: ReturnType<typeof openArchive>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const LONGEST_INTERVAL_MS = 10_000;

/** Builds the keeper of the log and what it needs; none where the log keeps everything. */
export function createKeepers({ config, eventLog, opened, metrics, logger }: KeepersOptions): readonly Service[] {
  if (config.JOBS_MAX_AGE === 0) return [];
  const mayCarry = (protocol: number) => eventLog.announcements.allUnderstand(protocol);
  const maxAgeMs = config.JOBS_MAX_AGE;
  const intervalMs = Math.min(LONGEST_INTERVAL_MS, maxAgeMs / 4);
  const options = { eventLog, maxAgeMs, intervalMs, mayCarry, logger, observer: keeperMetrics(metrics) };
  if (opened === undefined) {
    const table = new ReadModel({ databaseUrl: config.DATABASE_URL, name: 'keeper' });
    const keptElsewhere = async () => (await table.readCheckpoint())?.lastSequence ?? 0;
    return [table, new Keeper({ ...options, keptElsewhere })];
  }
  let archived: ArchivedThrough | undefined;
  const keptElsewhere = () => {
    archived ??= new ArchivedThrough(opened.archive, eventLog.messages);
    return archived.sequence();
  };
  return [new Keeper({ ...options, keptElsewhere })];
}

/** An observer with metrics. */
function keeperMetrics(metrics: Metrics): KeeperObserver {
  const carried = metrics.counter({
    name: 'jobstream_carried_jobs_total',
    help: 'Unfinished jobs that were carried because the log was about to lose events of them.',
  });
  const purged = metrics.counter({
    name: 'jobstream_purged_messages_total',
    help: 'Messages that this process has purged from the beginning of the log.',
  });
  const failures = metrics.counter({
    name: 'jobstream_keeper_failures_total',
    help: 'Times that the log could not be shortened, and was tried again.',
  });
  return {
    carried: () => carried.inc(),
    purged: (messages) => purged.inc(messages),
    failed: () => failures.inc(),
  };
}
