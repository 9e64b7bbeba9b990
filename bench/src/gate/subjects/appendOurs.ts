import type { JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { newJob } from '@jobstream/test-support';
import { inLanes } from '../../measure/concurrency.ts';
import type { Subject } from './subject.ts';

const IN_FLIGHT = 1_000;

/** Appends of new jobs, as the log does them. */
export async function appendOurs(address: string): Promise<Subject> {
  const log = new EventLog({ url: address, name: 'gate', deadlineMs: 60_000 });
  await log.start();
  let events: JobEvent[] = [];
  return {
    async prepare(count) {
      events = Array.from({ length: count }, (_, n) => newJob({ n, dueAt: 0 }));
    },
    run: (count) => inLanes(count, IN_FLIGHT, (index) => append(log, events[index])),
  };
}

async function append(log: EventLog, event: JobEvent | undefined): Promise<void> {
  if (event !== undefined) await log.append(event, 0);
}
