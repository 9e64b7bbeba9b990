import type { Worker } from './workers.ts';

/**
 * What has become of a worker: it lives, it ends when its jobs are done, it has ended in order (and another one has taken its place,
 * if one is known), or it stopped answering without a word.
 */
export type WorkerState =
  | { readonly kind: 'live' | 'stopping' | 'lost' }
  | { readonly kind: 'stopped'; readonly at: string; readonly replacedBy?: Worker };

/** Deploys start new workers some time before they end the old ones. */
const OVERLAP_MS = 5 * 60_000;

/**
 * Says what has become of a worker.
 *
 * @param workers all that are known. A worker that ended was replaced by the first one of its program, by its name and a common job
 * type, that started later than five minutes before that.
 *
 * @example
 * const workers = await client.workers.list();
 * const lost = workers.filter((worker) => workerState(worker, workers).kind === 'lost');
 */
export function workerState(worker: Worker, workers: readonly Worker[] = []): WorkerState {
  const { live, stopping, stoppedAt: at } = worker;
  if (at === undefined) return { kind: livingKind(live, stopping) };
  const replacedBy = replacementOf(worker, Date.parse(at), workers);
  return { kind: 'stopped', at, ...(replacedBy === undefined ? {} : { replacedBy }) };
}

function livingKind(live: boolean, stopping = false): 'live' | 'stopping' | 'lost' {
  if (!live) return 'lost';
  return stopping ? 'stopping' : 'live';
}

function replacementOf(worker: Worker, stoppedAt: number, workers: readonly Worker[]): Worker | undefined {
  const earliest = Math.max(startOf(worker) + 1, stoppedAt - OVERLAP_MS);
  let first: Worker | undefined;
  for (const other of workers) {
    const isLater = first !== undefined && startOf(other) >= startOf(first);
    if (isOfProgram(other, worker) && startOf(other) >= earliest && !isLater) first = other;
  }
  return first;
}

function startOf({ startedAt }: Worker): number {
  return Date.parse(startedAt);
}

function isOfProgram(other: Worker, { name, types }: Worker): boolean {
  return other.name === name && other.types.some((type) => types.includes(type));
}
