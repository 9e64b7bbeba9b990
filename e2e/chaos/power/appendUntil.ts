import { EventLog } from '@jobstream/eventlog';
import { eventually } from '@jobstream/testing';
import { newJob } from './newJob.ts';

export interface AppendUntilOptions {
  readonly url: string;
  readonly replicas: number;
  readonly groupCommit: boolean;
  /** Acknowledgements after which `interrupt` is called, in the middle of the work. */
  readonly count: number;
  readonly interrupt: () => Promise<void>;
}

const IN_FLIGHT = 200;

/** Appends with the project's own event log until it is interrupted; answers the id of each acknowledged event. */
export async function appendUntil(options: AppendUntilOptions): Promise<Map<string, number>> {
  const { url, replicas, groupCommit } = options;
  const log = new EventLog({ url, name: 'power', replicas, groupCommit });
  // A cluster elects its leaders first.
  await eventually(() => log.start(), { timeoutMs: 60_000, intervalMs: 500 });
  const acknowledged = new Map<string, number>();
  let interrupted: Promise<void> | undefined;
  const writer = async () => {
    while (interrupted === undefined) {
      const event = newJob();
      // An append that was on its way when the power went has no outcome, and none is claimed.
      const sequence = await log.append(event, 0).catch(() => undefined);
      if (sequence !== undefined) acknowledged.set(event.id, sequence);
      if (acknowledged.size >= options.count) interrupted ??= options.interrupt();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  await interrupted;
  await log.stop();
  return acknowledged;
}
