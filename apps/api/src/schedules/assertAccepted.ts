import type { ScheduleDefinition } from '@jobstream/domain';
import { AlarmRefusedError } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';
import { Problem } from '../problems/problem.ts';

/** Throws a Problem when the NATS server would not ring for the schedule: it may know fewer time zones than we do. */
export async function assertAccepted(name: string, definition: ScheduleDefinition, { log }: ApiDeps): Promise<void> {
  try {
    await log.schedules.alarms.assertAccepted({ name, ...definition });
  } catch (error) {
    if (!(error instanceof AlarmRefusedError)) throw error;
    const pointer = error.message.includes('time zone') ? '/timeZone' : '/cron';
    throw new Problem('invalid-request', { errors: [{ pointer, detail: error.message }], cause: error });
  }
}
