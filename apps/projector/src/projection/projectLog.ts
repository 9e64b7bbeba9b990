import type { EventLog, LogEntry } from '@jobstream/eventlog';
import { ReadModelUnavailableError } from '@jobstream/readmodel';
import type { JobProjection } from '@jobstream/readmodel';
import type { Logger, Tracing, TracedSpan } from '@jobstream/runtime';
import { BatchQueue } from './batchQueue.ts';
/** A backlog is projected in batches of thousands, which no reader of a trace would look through. */
const MAX_LINKS = 100;

export interface ProjectLogOptions {
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence'>;
  /** Holds its lock. */
  readonly projection: JobProjection;
  readonly logger: Logger;
  readonly observer: ProjectionObserver;
  readonly tracing?: Tracing | undefined;
  readonly watchIntervalMs: number;
  readonly stop: AbortSignal;
  /** Called after each batch. */
  readonly onProgress: () => void;
}

/**
 * Follows the log from the checkpoint on until it is told to stop. CheckpointAheadError; what the feed and the
 * projection throw; ReadModelUnavailableError as soon as the projection's connection is gone.
 */
export async function projectLog(options: ProjectLogOptions): Promise<void> {
  const { eventLog, projection, stop } = options;
  await checkPosition(options);
  const feed = eventLog.follow({ after: projection.lastSequence, traces: options.tracing?.isOn === true });
  const watch = watchPosition(options);
  const queue = new BatchQueue((batch) => applyBatch(batch, options));
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
  const quarantined = await projection.apply(batch);
  observer.projected(batch, performance.now() - begun);
  span?.end();
  observer.quarantined(quarantined.length);
  for (const message of quarantined) options.logger.warn(message, 'message quarantined');
  options.onProgress();
}

async function checkPosition({ eventLog, projection }: ProjectLogOptions): Promise<void> {
  const checkpoint = projection.lastSequence; // read first: the log may grow while it is asked
  const lastSequence = await eventLog.lastSequence();
  if (checkpoint > lastSequence) throw new CheckpointAheadError(checkpoint, lastSequence);
}

/** A log that is replaced under a running projector would look as if nothing ever happened again. */
function watchPosition(options: ProjectLogOptions): { failed: AbortSignal; stop: () => void } {
  const failure = new AbortController();
  const check = async () => {
    try {
      await checkPosition(options);
    } catch (error) {
      if (error instanceof CheckpointAheadError) failure.abort(error); // a log that is away is the feed's business
    }
  };
  const timer = setInterval(() => void check(), options.watchIntervalMs).unref();
  return { failed: failure.signal, stop: () => clearInterval(timer) };
}

/** The span of a batch, linked to the traces whose events are in it; none when there are none. */
function batchSpan(batch: readonly LogEntry[], tracing: Tracing | undefined): TracedSpan | undefined {
  if (tracing?.isOn !== true) return undefined;
  const traced = batch.flatMap((entry) => (entry.kind === 'event' && entry.traceparent ? [entry.traceparent] : []));
  const links = [...new Set(traced)].slice(0, MAX_LINKS);
  if (links.length === 0) return undefined;
  const attributes = { 'jobstream.batch.events': batch.length, 'jobstream.sequence': batch.at(-1)?.sequence ?? 0 };
  return tracing.span({ name: 'project', kind: 'consumer', links, attributes });
}

/** The read model was written from another log than this one, or this one was lost; waiting would not help. */
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

/** Told how the projection goes, for metrics. It must be cheap and must not throw. */
export interface ProjectionObserver {
  /** This process took the lock and goes on after this sequence. */
  becameActive(sequence: number): void;
  /** Another process has the lock. */
  becameStandby(): void;
  /** The work is interrupted and will be tried again. */
  interrupted(): void;
  /** These messages, oldest first, are in the table. */
  projected(entries: readonly LogEntry[], ms: number): void;
  /** So many messages were put aside. */
  quarantined(messages: number): void;
}

export const silentObserver: ProjectionObserver = {
  becameActive: () => undefined,
  becameStandby: () => undefined,
  interrupted: () => undefined,
  projected: () => undefined,
  quarantined: () => undefined,
};
