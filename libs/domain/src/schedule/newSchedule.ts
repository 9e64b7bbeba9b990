import * as Schema from 'effect/Schema';
import { definedSettings } from '../job/job.ts';
import { jobSettings, type NewJobRequest } from '../job/newJob.ts';
import { laneOf } from '../job/settings/priority.ts';
import { parseCron } from './cron.ts';
import { type CatchUp, defaultCatchUp, type JobTemplate, ScheduleDefinition, ScheduleName } from './schedule.ts';
import { nextTicks } from './ticks.ts';

/** A schedule as its creator asks for it, without its name. */
export interface NewScheduleRequest {
  readonly cron: string;
  readonly timeZone?: string;
  readonly job: Omit<NewJobRequest, 'runAt' | 'delayMs'>;
  readonly enabled?: boolean;
  readonly catchUp?: Partial<CatchUp>;
}

/** Fills in the defaults of a request, and notes which settings of the job it leaves out. */
export function scheduleDefinition(request: NewScheduleRequest): ScheduleDefinition {
  const { cron, timeZone = 'UTC', job, enabled = true, catchUp } = request;
  return { cron, timeZone, job: templateOf(job), enabled, catchUp: { ...defaultCatchUp, ...catchUp } };
}

function templateOf(job: NewScheduleRequest['job']): JobTemplate {
  const { jobType: type, payload, maxAttempts, backoff, timeoutMs, tags, unique, priority } = jobSettings(job, 0);
  const lane = laneOf(priority);
  const unset = definedSettings.filter((setting) => job[setting] === undefined);
  return {
    type,
    payload,
    maxAttempts,
    backoff,
    timeoutMs,
    tags,
    ...(unset.length === 0 ? {} : { unset }),
    ...(unique === undefined ? {} : { unique }),
    ...(lane === undefined ? {} : { priority: lane }),
  };
}

/** Whether a cron expression is valid and never ticks: it may name only days that do not exist, such as 30 February. */
export function neverTicks(cron: string, now: number): boolean {
  const parsed = parseCron(cron);
  return 'cron' in parsed && nextTicks({ cron: parsed.cron, timeZone: 'UTC' }, now, 1).length === 0;
}

const decode = Schema.decodeUnknownResult(Schema.Struct({ name: ScheduleName, ...ScheduleDefinition.fields }));

/** Why there can be no such schedule, for those that do not come through the API; undefined if there can. */
export function scheduleFault(name: string, definition: ScheduleDefinition, now: number): string | undefined {
  const decoded = decode({ name, ...definition });
  if (decoded._tag === 'Failure') return decoded.failure.message;
  return neverTicks(definition.cron, now) ? 'cron must tick at least once in the next five years' : undefined;
}
