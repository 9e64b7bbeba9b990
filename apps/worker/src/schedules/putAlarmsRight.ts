import { AlarmRefusedError } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

const AT_ONCE = 50;

/** Makes the alarms of all schedules what the log says: enabled ones ring, and no others. */
export async function putAlarmsRight(context: SchedulerContext): Promise<void> {
  const { reader, alarms } = context.eventLog.schedules;
  const names = [...new Set([...(await reader.names()), ...(await alarms.names())])];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    await Promise.all(names.slice(start, start + AT_ONCE).map((name) => putAlarmRight(name, context)));
  }
}

/** As putAlarmsRight, for one schedule. `version` is one that its state must have. */
export async function putAlarmRight(name: string, context: SchedulerContext, version?: number): Promise<void> {
  try {
    await context.eventLog.schedules.alarms.sync(name, version);
  } catch (error) {
    if (!(error instanceof AlarmRefusedError)) throw error;
    context.logger.error({ err: error, schedule: name }, 'a schedule has no alarm');
  }
}
