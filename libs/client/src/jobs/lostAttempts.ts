import type { BlockedLoop, Worker } from '../operate/workers.ts';
import { isCarry, type CarryEvent, type JobEvent } from './jobEvent.ts';

/** An attempt that another one, or the failure of the job, has followed because its worker had been silent for too long. */
export interface LostAttempt {
  readonly attempt: number;
  readonly worker: string;
  /** The version of the event with which its loss was noticed: the next `JobStarted`, or the `JobFailed`. */
  readonly version: number;
  /** When it was noticed. */
  readonly at: string;
  /** What is known of the worker, in a sentence. */
  readonly because: string;
}

/** Events beside a running attempt. */
const CHANGE_NO_RUN: ReadonlySet<string> = new Set(['JobProgressed', 'JobStepsRecorded', 'JobSignalled']);

interface Running {
  readonly attempt: number;
  readonly worker: string;
  readonly startedAt: string;
}

/**
 * Returns the attempts of a job that were lost with their workers, oldest first, and why as far as that is known: the event loop of
 * the worker was blocked, or the process has ended.
 *
 * @param history the job's events, oldest first.
 * @param workers those that the API knows; without them the reasons say less.
 *
 * @example
 * for (const { because } of lostAttempts(await client.jobs.history(id), await client.workers.list())) console.log(because);
 */
export function lostAttempts(history: readonly JobEvent[], workers: readonly Worker[] = []): readonly LostAttempt[] {
  const lost: LostAttempt[] = [];
  let running: Running | undefined;
  for (const event of history) {
    if (running !== undefined && isLoss(event)) lost.push(lossOf(running, event, workers));
    running = runningAfter(event, running);
  }
  return lost;
}

/** A worker appends the end of its attempt: where another one begins without it, the worker has not come to it. */
function isLoss({ event, data }: JobEvent): boolean {
  return event === 'JobStarted' || (event === 'JobFailed' && 'reason' in data && data.reason === 'worker-lost');
}

function runningAfter(event: JobEvent, before: Running | undefined): Running | undefined {
  if (CHANGE_NO_RUN.has(event.event)) return before;
  if (event.event === 'JobStarted' || event.event === 'JobResumed') return { ...event.data, startedAt: event.at };
  return isCarry(event) ? runningIn(event.data) : undefined;
}

function runningIn({ status, attempt, worker, startedAt }: CarryEvent['data']): Running | undefined {
  if (status !== 'processing' || worker === undefined || startedAt === undefined) return undefined;
  return { attempt, worker, startedAt };
}

function lossOf({ attempt, worker, startedAt }: Running, event: JobEvent, workers: readonly Worker[]): LostAttempt {
  const { version, at } = event;
  const known = workers.find((one) => one.worker === worker);
  const block = blockBefore(known?.blocked ?? [], Date.parse(startedAt), Date.parse(at));
  const fate = block === undefined ? fateOf(known, workers.length > 0) : silenceOf(block, at);
  return { attempt, worker, version, at, because: `worker ${worker} ${fate}` };
}

/**
 * Returns the longest block because of which an attempt can have been lost: it did not end before the attempt began, nor longer before
 * the loss than it took. After one that did, the worker answered again.
 */
function blockBefore(blocks: readonly BlockedLoop[], startedAt: number, lostAt: number): BlockedLoop | undefined {
  let longest: BlockedLoop | undefined;
  for (const block of blocks) {
    const begin = Date.parse(block.since);
    const end = begin + block.durationMs;
    const isPossible = begin <= lostAt && end >= startedAt && end + block.durationMs >= lostAt;
    if (isPossible && block.durationMs > (longest?.durationMs ?? 0)) longest = block;
  }
  return longest;
}

function silenceOf({ since, durationMs }: BlockedLoop, lostAt: string): string {
  const silentMs = Math.min(durationMs, Date.parse(lostAt) - Date.parse(since));
  return `was silent for ${Math.round(silentMs / 1_000)} s, its event loop was blocked: see threads (docs/handlers.md)`;
}

function fateOf(worker: Worker | undefined, areWorkersKnown: boolean): string {
  if (worker?.live) return 'stopped answering, and lives: it was frozen or cut off from NATS; read its output';
  if (worker?.stoppedAt !== undefined)
    return 'stopped answering, and ended in order later: it was frozen or cut off from NATS; read its output';
  if (!areWorkersKnown) return 'stopped answering: read the end of its output';
  return 'stopped answering and is gone: it has ended, or its event loop is blocked; read the end of its output';
}
