import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '@jobstream/eventlog';

export interface EndOfLogOptions {
  /** For how many milliseconds a log that ends before the position is asked again; default 10,000. */
  readonly patienceMs?: number | undefined;
  readonly stop: AbortSignal;
}

const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 100;

/**
 * Returns the sequence at which the log ends, not before that of a message that was read of it, unless the log has been replaced.
 *
 * In a cluster, a server that has just become the leader, or does not know yet that it is none any more, answers with an end that lies
 * further back. So it is asked again for some seconds, or until `stop`.
 */
export async function endOfLog(
  eventLog: Pick<EventLog, 'lastSequence'>,
  read: number,
  { patienceMs = PATIENCE_MS, stop }: EndOfLogOptions,
): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const last = await eventLog.lastSequence();
    if (last >= read || performance.now() >= deadline || stop.aborted) return last;
    await pause(ASK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined); // rejects only when stopped
  }
}
