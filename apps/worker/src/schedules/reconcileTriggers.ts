import { TriggerRefusedError } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

const AT_ONCE = 50;

/** Makes the triggers match the schedules in the log: each enabled schedule has one, no other has. */
export async function reconcileTriggers(context: SchedulerContext): Promise<void> {
  const { reader, triggers } = context.eventLog.schedules;
  const names = [...new Set([...(await reader.names()), ...(await triggers.names())])];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    await Promise.all(names.slice(start, start + AT_ONCE).map((name) => reconcileTrigger(name, context)));
  }
}

/** As reconcileTriggers, for one schedule, whose state must have reached `version`. */
export async function reconcileTrigger(name: string, context: SchedulerContext, version?: number): Promise<void> {
  try {
    await context.eventLog.schedules.triggers.reconcile(name, version);
  } catch (error) {
    if (!(error instanceof TriggerRefusedError)) throw error;
    context.logger.error({ err: error, schedule: name }, 'the trigger of a schedule could not be set');
  }
}
