import type { openArchive } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import type { Config, Logger, Metrics } from '@jobstream/runtime';
import { Archiver } from './archiver.ts';
import { archiveMetrics } from './archiveMetrics.ts';

export interface ArchiversOptions {
  readonly config: Config;
  readonly eventLog: EventLog;
  readonly opened: ReturnType<typeof openArchive>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The archiver beside the projector; none where there is no archive, or where `ARCHIVER` leaves it to others. */
export function archiversOf({ config, eventLog, opened, metrics, logger }: ArchiversOptions): readonly Archiver[] {
  if (opened === undefined || !config.ARCHIVER) return [];
  const observer = archiveMetrics(metrics);
  return [new Archiver({ ...opened, eventLog, maxAgeMs: config.JOBS_MAX_AGE, logger, observer })];
}
