import { PLANNED_FAILURE } from '../../chaos/judge/checkSteps.ts';
import { type LoggedEvent, runStarts } from '../../chaos/judge/readHistories.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import type { WorkerLife } from '../processes/workers.ts';
import type { Finding } from './finding.ts';

const OF_A_RUN = new Set([
  'JobProgressed',
  'JobStepsRecorded',
  'JobSuspended',
  'JobCompleted',
  'JobRetryScheduled',
  'JobFailed',
  'JobReleased',
]);

/** What is said of a run comes from the worker that has started it: one that was overtaken changes nothing. */
export function checkRuns(
  jobId: string,
  history: readonly LoggedEvent[],
  messages: readonly RawMessage[],
): readonly Finding[] {
  let worker: unknown;
  return history.flatMap(({ event, sequence, data }): Finding[] => {
    if (runStarts.includes(event)) worker = data['worker'];
    // The worker that takes over a job whose last attempt is lost has not started it.
    if (!OF_A_RUN.has(event) || data['reason'] === 'worker-lost') return [];
    const actor = actorOf(messages[sequence - 1]);
    if (actor === worker) return [];
    return [
      { rule: 'overtaken', jobId, detail: `${event} at ${sequence} is by ${actor}, and ${String(worker)} runs it` },
    ];
  });
}

/** A run is taken over from a worker that is dead, or was stopped or frozen, and from no other. */
export function checkLosses(
  jobId: string,
  history: readonly LoggedEvent[],
  lives: ReadonlyMap<string, WorkerLife>,
): readonly Finding[] {
  let worker: string | undefined;
  return history.flatMap(({ event, sequence, storedAt, data }): Finding[] => {
    const lost = isTakeOver(event, data) ? worker : undefined;
    if (runStarts.includes(event)) worker = String(data['worker']);
    else if (ENDS.has(event)) worker = undefined;
    if (lost === undefined || mayBeLost(lives.get(lost), storedAt)) return [];
    return [
      { rule: 'lost-run', jobId, detail: `${event} at ${sequence} takes the run over from ${lost}, which lives` },
    ];
  });
}

function mayBeLost(life: WorkerLife | undefined, at: number): boolean {
  return life !== undefined && (life.wasDisturbed || (life.diedAt ?? Infinity) < at);
}

function isTakeOver(event: string, data: LoggedEvent['data']): boolean {
  return runStarts.includes(event) || data['reason'] === 'worker-lost';
}

const ENDS = new Set(['JobSuspended', 'JobCompleted', 'JobRetryScheduled', 'JobFailed', 'JobReleased', 'JobCancelled']);

/** An attempt fails as it was to, or for what may become of its worker; anything else the code of handlers has thrown itself. */
export function checkErrors(jobId: string, history: readonly LoggedEvent[]): readonly Finding[] {
  return history.flatMap(({ event, sequence, data }): Finding[] => {
    const { name = '', message = '' } = (data['error'] ?? {}) as { readonly name?: string; readonly message?: string };
    if (data['error'] === undefined || message === PLANNED_FAILURE || EXPECTED.has(name)) return [];
    return [{ rule: 'surprise', jobId, detail: `${event} at ${sequence}: ${name}: ${message}` }];
  });
}

const EXPECTED = new Set(['AttemptAbortedError', 'WorkerLost']);

function actorOf(message: RawMessage | undefined): string {
  const { actor } = JSON.parse(message?.body ?? '{}') as { readonly actor?: { readonly id?: string } };
  return actor?.id ?? 'nobody';
}
