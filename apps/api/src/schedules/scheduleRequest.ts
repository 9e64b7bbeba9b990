import { CatchUp, CronExpression, ScheduleName, TimeZone, defaultCatchUp } from '@jobstream/domain';
import type { JobTemplate, ScheduleDefinition } from '@jobstream/domain';
import { Schema } from 'effect';
import { CreateJobRequest, jobSettings } from '../jobs/createJobRequest.ts';

const { runAt: _runAt, delayMs: _delayMs, ...jobFields } = CreateJobRequest.fields;

const definition = {
  cron: CronExpression,
  timeZone: Schema.optionalKey(TimeZone),
  job: Schema.Struct(jobFields),
  enabled: Schema.optionalKey(Schema.Boolean),
  catchUp: Schema.optionalKey(
    Schema.Struct({
      policy: Schema.optionalKey(CatchUp.fields.policy),
      limit: Schema.optionalKey(CatchUp.fields.limit),
    }),
  ),
};

/** The body of `POST /api/schedules`. */
export const CreateScheduleRequest = Schema.Struct({ name: ScheduleName, ...definition });
export type CreateScheduleRequest = typeof CreateScheduleRequest.Type;

/** The body of `PUT /api/schedules/:name`, which may repeat the name. */
export const ReplaceScheduleRequest = Schema.Struct({ name: Schema.optionalKey(ScheduleName), ...definition });
export type ReplaceScheduleRequest = typeof ReplaceScheduleRequest.Type;

/** What a request says about a schedule, with the defaults filled in. */
export function definitionOf(request: ReplaceScheduleRequest): ScheduleDefinition {
  const { cron, timeZone = 'UTC', job, enabled = true, catchUp } = request;
  return { cron, timeZone, job: templateOf(job), enabled, catchUp: { ...defaultCatchUp, ...catchUp } };
}

function templateOf(job: ReplaceScheduleRequest['job']): JobTemplate {
  const { jobType: type, payload, maxAttempts, backoff, timeoutMs, tags } = jobSettings(job, 0);
  return { type, payload, maxAttempts, backoff, timeoutMs, tags };
}
