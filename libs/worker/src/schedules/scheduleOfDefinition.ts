import type { JobDefinition } from '@jobstream/client';
import { MAX_PAYLOAD_BYTES, type ScheduleDefinition, scheduleDefinition, scheduleFault } from '@jobstream/domain';

/** The schedule that a definition of a job type names. */
export interface NamedSchedule {
  readonly name: string;
  readonly schedule: ScheduleDefinition;
}

/** Returns the schedule that a definition names, undefined if it names none. */
export function scheduleOfDefinition(definition: JobDefinition): NamedSchedule | undefined {
  if (definition.schedule === undefined) return undefined;
  const { name = definition.type, cron, timeZone, payload } = definition.schedule;
  const job = { ...definition.defaults, type: definition.type, payload: asJson(payload) };
  return { name, schedule: scheduleDefinition({ cron, job, ...(timeZone === undefined ? {} : { timeZone }) }) };
}

/** Why the schedule of a definition cannot be; undefined if it can, or there is none. The payload's schema is not asked. */
export function scheduleMistake(definition: JobDefinition): string | undefined {
  const named = scheduleOfDefinition(definition);
  if (named === undefined) return undefined;
  const fault = scheduleFault(named.name, named.schedule, Date.now()) ?? payloadFault(named.schedule.job.payload);
  return fault && `expected the schedule of ${definition.type} to be one that the API would take: ${fault}`;
}

function payloadFault(payload: unknown): string | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  return bytes > MAX_PAYLOAD_BYTES ? `the payload has ${bytes} bytes of at most ${MAX_PAYLOAD_BYTES}` : undefined;
}

/** As the log has it: without what JSON cannot say. */
function asJson(payload: unknown): unknown {
  return JSON.parse(JSON.stringify(payload) ?? 'null');
}
