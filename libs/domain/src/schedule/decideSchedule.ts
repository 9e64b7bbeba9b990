import { EVENT_SCHEMA_VERSION } from '../messages/eventEnvelope.ts';
import type { CommandContext, Rejection } from '../messages/commandContext.ts';
import type { Tenant } from '../messages/tenant.ts';
import { isDue, type Timestamp } from '../messages/timestamp.ts';
import {
  exists,
  type Schedule,
  type ScheduleDefinition,
  type ScheduleName,
  type ScheduleState,
  type TickRecord,
} from './schedule.ts';
import type { ScheduleEvent, ScheduleEventName, ScheduleEventOf } from './scheduleEvent.ts';

/** Everything that one can ask of a schedule. `RecordTicks` says what was done about the ticks up to `tickAt`. */
export type ScheduleCommand = CommandContext &
  (
    | {
        readonly kind: 'CreateSchedule';
        readonly schedule: ScheduleName;
        readonly definition: ScheduleDefinition;
        readonly tenant?: Tenant;
      }
    | { readonly kind: 'UpdateSchedule'; readonly definition: ScheduleDefinition; readonly reason?: string }
    | { readonly kind: 'DeleteSchedule' }
    | ({ readonly kind: 'RecordTicks' } & TickRecord)
  );
export type ScheduleCommandOf<Name extends ScheduleCommand['kind']> = Extract<ScheduleCommand, { readonly kind: Name }>;

export type ScheduleDecision = ScheduleEvent | Rejection;

/** What a command does to a schedule: the one event to append, or why it is refused. Pure and total. */
export function decideSchedule(command: ScheduleCommand, state: ScheduleState): ScheduleDecision {
  if (command.kind === 'CreateSchedule') return createSchedule(command, state);
  if (!exists(state)) return { kind: 'not-found', detail: 'there is no schedule of this name' };
  switch (command.kind) {
    case 'UpdateSchedule':
      return updateSchedule(command, state);
    case 'DeleteSchedule':
      return make(command, state, 'ScheduleDeleted', {});
    case 'RecordTicks':
      return recordTicks(command, state);
  }
}

function createSchedule(command: ScheduleCommandOf<'CreateSchedule'>, state: ScheduleState): ScheduleDecision {
  if (exists(state)) return { kind: 'already-exists', detail: 'a schedule of this name exists already' };
  const { schedule: name, definition, tenant } = command;
  // Its history would come with the name.
  if (state !== undefined && state.tenant !== tenant) return { kind: 'already-exists', detail: 'the name is taken' };
  const version = state?.version ?? 0;
  return make(command, { name, version, ...(tenant === undefined ? {} : { tenant }) }, 'ScheduleCreated', {
    ...stored(definition),
    ticksFrom: command.at,
  });
}

function updateSchedule(command: ScheduleCommandOf<'UpdateSchedule'>, schedule: Schedule): ScheduleDecision {
  const ticksFrom = ticksOn(schedule, command.definition) ? ticksDoneUpTo(schedule) : command.at;
  const { createdAt } = schedule;
  const reason = command.reason === undefined ? {} : { reason: command.reason };
  return make(command, schedule, 'ScheduleUpdated', { ...stored(command.definition), ticksFrom, createdAt, ...reason });
}

/** Whether the ticks are the same as before: then those that are due and not yet dealt with still are. */
function ticksOn(before: ScheduleDefinition, after: ScheduleDefinition): boolean {
  return before.enabled && after.enabled && before.cron === after.cron && before.timeZone === after.timeZone;
}

/** JSON has no undefined: the field would vanish from the log, and the event could not be read again. */
function stored(definition: ScheduleDefinition): ScheduleDefinition {
  return { ...definition, job: { ...definition.job, payload: definition.job.payload ?? null } };
}

function recordTicks(command: ScheduleCommandOf<'RecordTicks'>, schedule: Schedule): ScheduleDecision {
  const { tickAt, jobIds, skipped } = command;
  if (!isDue(tickAt, ticksDoneUpTo(schedule))) {
    return make(command, schedule, 'ScheduleTicked', { tickAt, jobIds, skipped });
  }
  return { kind: 'overtaken', detail: `the ticks up to ${ticksDoneUpTo(schedule)} are dealt with` };
}

/** The instant after which ticks still have to be dealt with. */
export function ticksDoneUpTo({ ticksFrom, lastTick }: Schedule): Timestamp {
  return lastTick !== undefined && isDue(ticksFrom, lastTick.tickAt) ? lastTick.tickAt : ticksFrom;
}

function make<Name extends ScheduleEventName>(
  command: ScheduleCommand,
  { name, version, tenant }: Pick<Schedule, 'name' | 'version' | 'tenant'>,
  event: Name,
  data: ScheduleEventOf<Name>['data'],
): ScheduleEvent {
  return {
    v: EVENT_SCHEMA_VERSION,
    id: command.eventId,
    schedule: name,
    version: version + 1,
    at: command.at,
    actor: command.actor,
    ...(command.causationId === undefined ? {} : { causationId: command.causationId }),
    ...(command.correlationId === undefined ? {} : { correlationId: command.correlationId }),
    ...(tenant === undefined ? {} : { tenant }),
    event,
    data,
  } as ScheduleEvent;
}
