import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog } from '../eventLog.ts';
import type { LogMessages, SequenceSpan } from './directReader.ts';

export interface EndOfLogOptions {
  /** For how many milliseconds a log that ends before the position is asked again; default 10,000. */
  readonly patienceMs?: number | undefined;
  readonly stop?: AbortSignal | undefined;
}

const PATIENCE_MS = 10_000;
const ASK_AGAIN_MS = 100;

/**
 * Returns the sequence at which the log ends, not before `read`, that of a message that it is known to have had, unless the log has
 * been replaced. Use it wherever an end before a known position would be taken for another log.
 *
 * In a cluster, a server that has just become the leader, or does not know yet that it is none any more, answers with an end that lies
 * further back. So it is asked again for some seconds, or until `stop`.
 *
 * @throws LogUnavailableError
 */
export function endOfLog(
  log: Pick<EventLog, 'lastSequence'>,
  read: number,
  options: EndOfLogOptions = {},
): Promise<number> {
  return untilReached(
    () => log.lastSequence(),
    (last) => last >= read,
    options,
  );
}

/** As `endOfLog`, with the beginning of the log. */
export function spanOfLog(
  messages: Pick<LogMessages, 'span'>,
  read: number,
  options: EndOfLogOptions = {},
): Promise<SequenceSpan> {
  return untilReached(
    () => messages.span(),
    ({ last }) => last >= read,
    options,
  );
}

async function untilReached<Answer>(
  ask: () => Promise<Answer>,
  isReached: (answer: Answer) => boolean,
  { patienceMs = PATIENCE_MS, stop }: EndOfLogOptions,
): Promise<Answer> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (isReached(answer) || performance.now() >= deadline || stop?.aborted) return answer;
    await pause(ASK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined); // rejects only when stopped
  }
}
