import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { systemClock } from '../src/clock.ts';
import { Scheduler } from '../src/schedules/scheduler.ts';
import type { SchedulerContext } from '../src/schedules/schedulerContext.ts';

/** A started scheduler in the process of the test, with a connection of its own. */
export async function startScheduler(natsUrl: string): Promise<AsyncDisposable> {
  const eventLog = new EventLog({ url: natsUrl, name: 'worker' });
  await eventLog.start();
  const scheduler = new Scheduler({ ...schedulerContext(eventLog), eventLog, ackWaitMs: 1_000 });
  await scheduler.start();
  return {
    async [Symbol.asyncDispose]() {
      await scheduler.stop();
      await eventLog.stop();
    },
  };
}

/** What the steps of a scheduler are handed, on this log. */
export function schedulerContext(eventLog: SchedulerContext['eventLog']): SchedulerContext {
  return { eventLog, clock: systemClock(), logger: createLogger({ service: 'test', level: 'silent' }), keepMs: 0 };
}
