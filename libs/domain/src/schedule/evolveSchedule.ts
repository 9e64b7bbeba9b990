import { isDue } from '../messages/timestamp.ts';
import { exists, type Schedule, type ScheduleState } from './schedule.ts';
import type { ScheduleEvent, ScheduleEventOf } from './scheduleEvent.ts';

/** The state after an event. Pure and total; ignores events that are illegal in the current state. */
export function evolveSchedule(state: ScheduleState, event: ScheduleEvent): ScheduleState {
  if (event.event === 'ScheduleCreated') return created(state, event);
  // A log with an age limit may have forgotten how it began.
  if (event.event === 'ScheduleUpdated' && state === undefined) return redefined(event);
  if (!exists(state)) return state;
  switch (event.event) {
    case 'ScheduleUpdated':
      return updated(state, event);
    case 'ScheduleDeleted':
      return { ...state, version: event.version, updatedAt: event.at, deletedAt: event.at };
    case 'ScheduleTicked':
      return ticked(state, event);
  }
}

/**
 * The state after a history, oldest event first. The last event of each kind is history enough: a schedule that ticks
 * every second has too many events to read them all.
 */
export function foldSchedule(events: Iterable<ScheduleEvent>): ScheduleState {
  let state: ScheduleState;
  for (const event of events) state = evolveSchedule(state, event);
  return state;
}

/** Where versions are left out, the schedule was deleted in between. */
function created(state: ScheduleState, event: ScheduleEventOf<'ScheduleCreated'>): Schedule {
  if (exists(state) && event.version <= state.version + 1) return state;
  return { ...defined(event), createdAt: event.at };
}

function defined<Event extends ScheduleEventOf<'ScheduleCreated' | 'ScheduleUpdated'>>(event: Event) {
  const { schedule: name, version, at: updatedAt, tenant } = event;
  const common = { name, version, definitionVersion: version, updatedAt, ...(tenant === undefined ? {} : { tenant }) };
  return { ...(event.data as Event['data']), ...common };
}

/** Why it was changed is history. */
function redefined(event: ScheduleEventOf<'ScheduleUpdated'>) {
  const { reason: _reason, ...data } = event.data;
  return defined({ ...event, data });
}

function updated(schedule: Schedule, event: ScheduleEventOf<'ScheduleUpdated'>): Schedule {
  const { lastTick } = schedule;
  return { ...redefined(event), ...(lastTick === undefined ? {} : { lastTick }) };
}

function ticked(schedule: Schedule, event: ScheduleEventOf<'ScheduleTicked'>): Schedule {
  if (schedule.lastTick !== undefined && isDue(event.data.tickAt, schedule.lastTick.tickAt)) return schedule;
  return { ...schedule, version: event.version, lastTick: event.data };
}
