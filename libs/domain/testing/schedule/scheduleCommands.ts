import type { ScheduleDefinition } from '../../src/schedule/schedule.ts';
import type { ScheduleCommand } from '../../src/schedule/decideSchedule.ts';

export const NAME = 'nightly';
export const CREATED_AT = '2026-03-01T00:00:30.000Z';
export const JOB_ID = '01980000-0000-8000-8000-000000000001';

export const definition = (fields: Partial<ScheduleDefinition> = {}): ScheduleDefinition => ({
  cron: '* * * * *',
  timeZone: 'UTC',
  job: {
    type: 'email',
    payload: { to: 'user@example.com' },
    maxAttempts: 3,
    backoff: { type: 'fixed', delayMs: 60_000 },
    timeoutMs: 30_000,
    tags: [],
  },
  enabled: true,
  catchUp: { policy: 'skip', limit: 100 },
  ...fields,
});

/** The command as a caller of a tenant gives it. */
export const ofTenant = (tenant: string, command: ScheduleCommand): ScheduleCommand =>
  Object.assign({ ...command }, { tenant });

const context = (at: string) => ({ eventId: `event-${at}`, at, actor: { kind: 'api', id: 'client-1' } }) as const;

export const createSchedule = (fields: Partial<ScheduleDefinition> = {}, at = CREATED_AT): ScheduleCommand => ({
  ...context(at),
  kind: 'CreateSchedule',
  schedule: NAME,
  definition: definition(fields),
});

export const updateSchedule = (fields: Partial<ScheduleDefinition>, at: string): ScheduleCommand => ({
  ...context(at),
  kind: 'UpdateSchedule',
  definition: definition(fields),
});

export const deleteSchedule = (at: string): ScheduleCommand => ({ ...context(at), kind: 'DeleteSchedule' });

export const recordTicks = (tickAt: string, fields: { jobIds?: string[]; skipped?: number } = {}): ScheduleCommand => ({
  ...context(tickAt),
  kind: 'RecordTicks',
  tickAt,
  jobIds: [],
  skipped: 0,
  ...fields,
});
