import type { ScheduleDefinition } from '@jobstream/domain';
import { TriggerRefusedError } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';
import { Problem } from '../problems/problem.ts';

/** Throws a Problem when the NATS server does not accept the schedule: it may know fewer time zones than this process. */
export async function assertAccepted(name: string, definition: ScheduleDefinition, { log }: ApiDeps): Promise<void> {
  try {
    await log.schedules.triggers.assertAccepted({ name, ...definition });
  } catch (error) {
    if (!(error instanceof TriggerRefusedError)) throw error;
    const pointer = error.message.includes('time zone') ? '/timeZone' : '/cron';
    throw new Problem('invalid-request', { errors: [{ pointer, detail: error.message }], cause: error });
  }
}
