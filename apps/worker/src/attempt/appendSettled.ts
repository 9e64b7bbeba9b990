import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import { untilAvailable } from './untilAvailable.ts';

type Log = Pick<WorkerContext, 'eventLog' | 'closing'>;

/**
 * Appends and returns the sequence, however long the log is away (until the worker closes). A try whose outcome stayed
 * unknown may have been stored, and then it is our own event that the next try conflicts with: the history tells.
 */
export function appendSettled(event: JobEvent, expectedSequence: number, log: Log): Promise<number> {
  let tries = 0;
  return untilAvailable(() => {
    tries += 1;
    const appended = log.eventLog.append(event, expectedSequence);
    return tries === 1 ? appended : appended.catch((error: unknown) => sequenceAfter(error, event, log));
  }, log.closing);
}

async function sequenceAfter(conflict: unknown, event: JobEvent, log: Log): Promise<number> {
  if (!(conflict instanceof ConcurrentAppendError)) throw conflict;
  const history = await log.eventLog.readHistory(event.jobId);
  const own = history.find((recorded) => recorded.event.id === event.id);
  if (own === undefined) throw conflict;
  return own.sequence;
}
