import type { EventLog } from '@jobstream/eventlog';
import { PastVerification } from '@jobstream/readmodel';
import type { Difference } from '@jobstream/readmodel';
import type { OnProgress } from '../tasks/progressMeter.ts';

interface VerifyPastOptions {
  readonly eventLog: Pick<EventLog, 'readNext'>;
  readonly databaseUrl: string;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

/** `not kept`: there are no past states. `incomplete log`: the log and its archive lack events that they were made from. */
export type PastComparison = readonly Difference[] | 'not kept' | 'incomplete log';

const AT_ONCE = 1_000;

/** Folds the log anew, compares the tables of past states with that, and returns the first differences of each. */
export async function verifyPast({
  eventLog,
  databaseUrl,
  stop,
  onProgress,
}: VerifyPastOptions): Promise<PastComparison> {
  const check = await PastVerification.open(databaseUrl);
  let position = 0;
  const advanceTo = async (end: number) => {
    while (position < end) {
      stop.throwIfAborted();
      const entries = (await eventLog.readNext(position, AT_ONCE)).filter(({ sequence }) => sequence <= end);
      await check.apply(entries);
      position = entries.at(-1)?.sequence ?? end;
      onProgress({ step: 'reading the log', done: position, total: end });
    }
  };
  try {
    const end = await check.position();
    if (end === undefined) return 'not kept';
    await advanceTo(end);
    return (await check.compare(advanceTo)) ?? 'incomplete log';
  } finally {
    await check.close();
  }
}
