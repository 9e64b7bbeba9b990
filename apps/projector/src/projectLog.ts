import type { EventLog, LogEntry } from '@jobstream/eventlog';
import { ReadModelUnavailableError } from '@jobstream/readmodel';
import type { JobProjection } from '@jobstream/readmodel';
import type { Logger, Tracing } from '@jobstream/runtime';
import { CheckpointAheadError } from './checkpointAheadError.ts';
import { BatchQueue } from './batchQueue.ts';
import { batchSpan } from './batchSpan.ts';
import type { ProjectionObserver } from './projectionObserver.ts';

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
