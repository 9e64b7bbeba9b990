import type { openArchive } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import type { Config, Logger, Metrics } from '@jobstream/runtime';
import { Archiver } from './archiver.ts';
import type { ArchiveBacklog, ArchiveObserver } from './archiver.ts';

export interface ArchiversOptions {
  readonly config: Config;
  readonly eventLog: EventLog;
  readonly opened: ReturnType<typeof openArchive>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Builds the archiver that runs beside the projector; none without an archive, or when `ARCHIVER` is off. */
export function createArchivers({ config, eventLog, opened, metrics, logger }: ArchiversOptions): readonly Archiver[] {
  if (opened === undefined || !config.ARCHIVER) return [];
  const observer = archiveMetrics(metrics);
  return [new Archiver({ ...opened, eventLog, maxAgeMs: config.JOBS_MAX_AGE, logger, observer })];
}

/** An observer with metrics; the gauges show the backlog as last measured, up to 10 s ago. */
function archiveMetrics(metrics: Metrics): ArchiveObserver {
  const found: { backlog?: ArchiveBacklog } = {};
  metrics.gauge({
    name: 'jobstream_archive_backlog_messages',
    help: 'Messages of the log that are not archived yet.',
    collect: (gauge) => found.backlog && gauge.set(found.backlog.messages),
  });
  metrics.gauge({
    name: 'jobstream_archive_backlog_age_seconds',
    help: 'Age of the oldest message that is not archived yet; it must stay well under JOBS_MAX_AGE.',
    collect: (gauge) => found.backlog && gauge.set(found.backlog.oldestMs / 1_000),
  });
  const segments = metrics.counter({
    name: 'jobstream_archived_segments_total',
    help: 'Segments that this process has written.',
  });
  const failures = metrics.counter({
    name: 'jobstream_archive_failures_total',
    help: 'Times that archiving was interrupted because the log or the archive was unavailable, or messages are missing.',
  });
  return {
    backlogMeasured: (backlog) => (found.backlog = backlog),
    segmentAdded: () => segments.inc(),
    failed: () => failures.inc(),
  };
}
