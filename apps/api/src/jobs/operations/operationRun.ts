import type { ClaimedOperation, OperationJob, OperationStatus, ProcessedJob } from '@jobstream/readmodel';
import { pauseUnlessStopped } from '@jobstream/runtime';
import type { ApiDeps } from '../../apiDeps.ts';
import { changePage, type Outcome } from '../change/changePage.ts';
import { changeJob, contextOf } from './changeJob.ts';
import { type OpenedOperation, openContents } from './operationContents.ts';
import { replayJob } from './replayJob.ts';
import { replayTogether } from './replayTogether.ts';
import { retryJob } from './retryJob.ts';

/** A batch is recorded in one transaction. After a crash, at most one is done again. */
const MAX_BATCH = 200;
/** Batches a second at a low rate: a pause or a cancellation takes effect between two. */
const BATCHES_A_SECOND = 5;
/** How far an operation may fall behind its rate and still catch up; what is beyond is no burst later. */
const CATCH_UP_MS = 1_000;
/** How long an operation waits during an outage before it tries again. */
const HINDERED_MS = 1_000;

interface Batch {
  readonly processed: readonly ProcessedJob[];
  /** Why the rest was not processed, if it is not for the operation to end. */
  readonly hindrance?: string | undefined;
}

/**
 * Carries out a claimed operation until it has ended, is paused, another process has claimed it, or `stop` is aborted.
 *
 * @returns its status; undefined if another process has claimed it.
 * @throws ReadModelUnavailableError: then any process goes on with it once the claim has expired.
 */
export async function runOperation(
  operation: ClaimedOperation,
  deps: ApiDeps,
  stop: AbortSignal,
): Promise<OperationStatus | undefined> {
  const size = batchSizeOf(operation);
  let position = operation.done + operation.skipped + operation.failed;
  let dueAt = performance.now();
  for (;;) {
    const jobs = await deps.operations.nextJobs(operation.id, position, size);
    const opened = await openContents(operation, deps.log);
    const { processed, hindrance }: Batch =
      'hindrance' in opened ? { ...opened, processed: [] } : await processBatch(jobs, opened.operation, deps, stop);
    const status = await deps.operations.record(operation, processed, hindrance);
    position += processed.length;
    if (status !== 'running' || stop.aborted) {
      await deps.operations.release(operation);
      return status;
    }
    const now = performance.now();
    dueAt = Math.max(dueAt + paceOf(operation, processed.length), now - CATCH_UP_MS);
    if (hindrance !== undefined) dueAt = now + HINDERED_MS;
    await pauseUnlessStopped(Math.max(0, dueAt - now), stop);
  }
}

function batchSizeOf({ rate }: ClaimedOperation): number {
  return rate === null ? MAX_BATCH : Math.min(MAX_BATCH, Math.ceil(rate / BATCHES_A_SECOND));
}

/** How long so many jobs take at the rate of the operation, in milliseconds. */
function paceOf({ rate }: ClaimedOperation, jobs: number): number {
  return rate === null ? 0 : (jobs / rate) * 1_000;
}

/** Processes jobs concurrently, and returns those before the first that could not be processed. */
async function processBatch(
  jobs: readonly OperationJob[],
  operation: OpenedOperation,
  deps: ApiDeps,
  stop: AbortSignal,
): Promise<Batch> {
  const together = operation.kind === 'replay' ? await replayTogether(jobs, operation, deps) : undefined;
  const processed = new Map(together);
  const others = jobs.filter(({ position }) => !processed.has(position));
  const hindrance = await changePage(others, {
    change: (job) => processJob(job, operation, deps),
    onOutcome: ({ id, position }, outcome, error) => {
      if (outcome.outcome === 'interrupted') return;
      if (error !== undefined)
        deps.logger.warn({ err: error, jobId: id, operation: operation.id }, 'operation failed for a job');
      processed.set(position, { position, ...outcome });
    },
    isOver: () => stop.aborted,
  });
  const end = jobs.findIndex(({ position }) => !processed.has(position));
  const done = end === -1 ? jobs : jobs.slice(0, end);
  return { processed: done.flatMap(({ position }) => processed.get(position) ?? []), hindrance };
}

/** May be repeated after a crash: what was done to the job before is found and not done again. */
function processJob(job: OperationJob, operation: OpenedOperation, deps: ApiDeps): Promise<Outcome> {
  switch (operation.kind) {
    case 'replay':
      return replayJob(job, operation, deps);
    case 'cancel':
      return changeJob(job, { ...contextOf(operation, deps), kind: 'CancelJob' }, deps);
    case 'retry':
      return retryJob(job, operation, deps);
  }
}
