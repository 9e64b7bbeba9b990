import { decodeJobEvent } from '@jobstream/domain';
import { eventSubject, HistoryIncompleteError } from '@jobstream/eventlog';
import type { EventLog } from '@jobstream/eventlog';
import { ProjectionFencedError, ReadModelUnavailableError } from '@jobstream/readmodel';
import type { JobProjection, PutAsideEvent, ReadableJob } from '@jobstream/readmodel';
import type { Logger } from '@jobstream/runtime';

export interface RefoldOptions {
  readonly eventLog: Pick<EventLog, 'readStoredHistory'>;
  /** Must hold its lock, and have applied nothing yet. */
  readonly projection: Pick<JobProjection, 'readPutAside' | 'refold'>;
  readonly logger: Logger;
  readonly stop: AbortSignal;
}

/** Jobs in one transaction; their histories are in memory meanwhile. */
const JOBS_AT_ONCE = 50;
const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Folds jobs anew that an earlier release has marked, since it could not read some of their events, if this one can.
 * Those that it cannot read either, or not completely, stay marked.
 *
 * @throws what the log and the read model throw while they are unavailable.
 */
export async function refoldReadableJobs(options: RefoldOptions): Promise<void> {
  const { projection, logger, stop } = options;
  let count = 0;
  for (let after = LOWEST_ID; !stop.aborted;) {
    const putAside = await projection.readPutAside(after, JOBS_AT_ONCE);
    const last = putAside.at(-1);
    if (last === undefined) break;
    after = last.jobId;
    count += await refoldTogether(await readableJobs(putAside, options), options);
  }
  if (count > 0) logger.info({ jobs: count }, 'jobs folded anew: their events can be read now');
}

async function readableJobs(putAside: readonly PutAsideEvent[], options: RefoldOptions): Promise<ReadableJob[]> {
  const readable = Map.groupBy(putAside.filter(isReadableNow), ({ jobId }) => jobId);
  const jobs = await Promise.all([...readable].map(([jobId, events]) => readableJob(jobId, events, options)));
  return jobs.filter((job) => job !== undefined);
}

function isReadableNow({ subject, body }: PutAsideEvent): boolean {
  const decoded = decodeJobEvent(Buffer.from(body).toString());
  return decoded.kind === 'event' && eventSubject(decoded.event) === subject;
}

async function readableJob(
  jobId: string,
  events: readonly PutAsideEvent[],
  { eventLog, logger }: RefoldOptions,
): Promise<ReadableJob | undefined> {
  try {
    const history = await eventLog.readStoredHistory(jobId);
    return { jobId, history, readNow: new Set(events.map(({ sequence }) => sequence)) };
  } catch (error) {
    if (!(error instanceof HistoryIncompleteError)) throw error;
    logger.warn({ jobId, err: error }, 'a marked job cannot be folded anew');
    return undefined;
  }
}

/** Returns how many of the jobs were folded; one that Postgres refuses keeps no other from it. */
async function refoldTogether(jobs: readonly ReadableJob[], options: RefoldOptions): Promise<number> {
  if (jobs.length === 0) return 0;
  try {
    await options.projection.refold(jobs);
    return jobs.length;
  } catch (error) {
    if (error instanceof ReadModelUnavailableError || error instanceof ProjectionFencedError) throw error;
    const [first] = jobs;
    if (jobs.length === 1) {
      options.logger.error({ jobId: first?.jobId, err: error }, 'a marked job cannot be folded anew');
      return 0;
    }
    const middle = Math.ceil(jobs.length / 2);
    const older = await refoldTogether(jobs.slice(0, middle), options);
    return older + (await refoldTogether(jobs.slice(middle), options));
  }
}
