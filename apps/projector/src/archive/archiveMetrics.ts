import type { Metrics } from '@jobstream/runtime';
import type { ArchiveBacklog } from './archiveBacklog.ts';
import type { ArchiveObserver } from './archiveObserver.ts';

/** The observer that measures an archiver; its gauges show what it found when it last looked, 10 s ago at most. */
export function archiveMetrics(metrics: Metrics): ArchiveObserver {
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
    help: 'Times that archiving was interrupted because the log or the archive was away, or something is missing.',
  });
  return {
    looked: (backlog) => (found.backlog = backlog),
    added: () => segments.inc(),
    failed: () => failures.inc(),
  };
}
