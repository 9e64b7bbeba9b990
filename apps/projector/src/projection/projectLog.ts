import { endOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, EventLog, LogEntry } from '@jobstream/eventlog';
import { ReadModelUnavailableError } from '@jobstream/readmodel';
import type { JobProjection, Quarantined } from '@jobstream/readmodel';
import type { Logger, TracedSpan, Tracing } from '@jobstream/runtime';
import type { FollowerObserver } from '../follow/checkpointedFollower.ts';
import { BatchQueue } from './batchQueue.ts';

/** Observes a projector, for metrics. Its methods must be cheap and must not throw. */
export interface ProjectionObserver extends FollowerObserver {
  /** This process has the lock and continues after this sequence. */
  becameActive(sequence: number): void;
  /** These messages, oldest first, were committed to the table `ms` milliseconds after their batch was formed. */
  projected(entries: readonly LogEntry[], ms: number): void;
  quarantined(messages: number): void;
}

export const silentObserver: ProjectionObserver = {
  becameActive: () => undefined,
  becameStandby: () => undefined,
  interrupted: () => undefined,
  projected: () => undefined,
  quarantined: () => undefined,
};

export interface ProjectLogOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence'>;
  readonly stop: AbortSignal;
  /** Must hold its lock. */
  readonly projection: JobProjection;
  readonly logger: Logger;
  readonly observer: ProjectionObserver;
  readonly tracing?: Tracing | undefined;
  readonly watchIntervalMs: number;
  /** Called with each batch that is in the table. */
  readonly onProgress: (batch: readonly LogEntry[]) => void;
}

/**
 * Projects the log from the checkpoint on until `stop` is aborted.
 *
 * @throws CheckpointAheadError when the log is not the one that was projected; ReadModelUnavailableError as soon as the
 * projection's connection is lost; what the feed and the projection throw.
 */
export async function projectLog(options: ProjectLogOptions): Promise<void> {
  const { eventLog, projection, stop } = options;
  await checkPosition(options);
  const queue = new BatchQueue((batch) => applyBatch(batch, options));
  await projection.onWaitingReader(() => queue.hurry());
  const feed = eventLog.follow({ after: projection.lastSequence, traces: options.tracing?.isOn === true });
  const watch = watchPosition(options);
  const end = AbortSignal.any([stop, projection.ended, watch.failed, queue.failed]);
  const stopFeed = () => void feed.stop();
  end.addEventListener('abort', stopFeed, { once: true });
  if (end.aborted) stopFeed();
  try {
    for await (const entries of feed) if (!end.aborted) await queue.add(entries);
  } finally {
    await queue.stop();
    watch.stop();
    end.removeEventListener('abort', stopFeed);
  }
  queue.failed.throwIfAborted();
  watch.failed.throwIfAborted();
  if (!stop.aborted) throw new ReadModelUnavailableError('the connection of the projection was lost');
}

async function applyBatch(batch: readonly LogEntry[], options: ProjectLogOptions): Promise<void> {
  const { observer, projection } = options;
  const span = batchSpan(batch, options.tracing);
  const begun = performance.now();
  const { quarantined } = await projection.apply(batch);
  observer.projected(batch, performance.now() - begun);
  span?.end();
  observer.quarantined(quarantined.length);
  for (const message of quarantined) options.logger.warn(message, sentenceOf(message));
  options.onProgress(batch);
}

function sentenceOf({ jobId }: Quarantined): string {
  return jobId === undefined
    ? 'message quarantined'
    : 'event of a newer release put aside: its job waits for an upgrade';
}

async function checkPosition(options: ProjectLogOptions): Promise<void> {
  const checkpoint = options.projection.lastSequence; // before the log, which may grow meanwhile
  const lastSequence = await endOfLog(options.eventLog, checkpoint, options);
  if (checkpoint > lastSequence && !options.stop.aborted) throw new CheckpointAheadError(checkpoint, lastSequence);
}

/** Without this check, a log that is replaced under a running projector would look idle for ever. */
function watchPosition(options: ProjectLogOptions): { failed: AbortSignal; stop: () => void } {
  const failure = new AbortController();
  const check = async () => {
    try {
      await checkPosition(options);
    } catch (error) {
      if (error instanceof CheckpointAheadError) failure.abort(error); // the feed reports a log that is unavailable
    }
  };
  const timer = setInterval(() => void check(), options.watchIntervalMs).unref();
  return { failed: failure.signal, stop: () => clearInterval(timer) };
}

/** A batch of a backlog has thousands of events: too many links for a trace. */
const MAX_LINKS = 100;

/** The span of a batch, linked to the traces of its events; undefined without any. */
function batchSpan(batch: readonly LogEntry[], tracing: Tracing | undefined): TracedSpan | undefined {
  if (tracing?.isOn !== true) return undefined;
  const traced = batch.flatMap((entry) => (entry.kind === 'event' && entry.traceparent ? [entry.traceparent] : []));
  const links = [...new Set(traced)].slice(0, MAX_LINKS);
  if (links.length === 0) return undefined;
  const attributes = { 'jobstream.batch.events': batch.length, 'jobstream.sequence': batch.at(-1)?.sequence ?? 0 };
  return tracing.span({ name: 'project', kind: 'consumer', links, attributes });
}

/** The read model was written from another log than this one, or this one was lost; no retry can cure that. */
export class CheckpointAheadError extends Error {
  readonly code = 'CHECKPOINT_AHEAD';

  constructor(checkpoint: number, lastSequence: number) {
    super(
      `the read model is at sequence ${checkpoint}, but the log ends at ${lastSequence}: ` +
        'the log was lost or replaced. Restore it, or empty the database so that it is built from this log',
    );
    this.name = 'CheckpointAheadError';
  }
}
