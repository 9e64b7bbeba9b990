import { type LoggedEvent, runStarts } from '../../chaos/judge/readHistories.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
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

function actorOf(message: RawMessage | undefined): string {
  const { actor } = JSON.parse(message?.body ?? '{}') as { readonly actor?: { readonly id?: string } };
  return actor?.id ?? 'nobody';
}
