import { hasCome } from '../timestamp.ts';
import { exists } from './schedule.ts';
import type { Schedule, ScheduleState } from './schedule.ts';
import type { ScheduleEvent, ScheduleEventOf } from './scheduleEvent.ts';

/** The state after an event. Pure, total, and deaf to events that cannot follow on the state. */
export function evolveSchedule(state: ScheduleState, event: ScheduleEvent): ScheduleState {
  if (event.event === 'ScheduleCreated') return exists(state) ? state : defined(event, event.at);
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

function defined(event: ScheduleEventOf<'ScheduleCreated' | 'ScheduleUpdated'>, createdAt: string): Schedule {
  return {
    name: event.schedule,
    ...event.data,
    version: event.version,
    definitionVersion: event.version,
    createdAt,
    updatedAt: event.at,
  };
}

function updated(schedule: Schedule, event: ScheduleEventOf<'ScheduleUpdated'>): Schedule {
  const { lastTick } = schedule;
  return { ...defined(event, schedule.createdAt), ...(lastTick === undefined ? {} : { lastTick }) };
}

function ticked(schedule: Schedule, event: ScheduleEventOf<'ScheduleTicked'>): Schedule {
  if (schedule.lastTick !== undefined && hasCome(event.data.tickAt, schedule.lastTick.tickAt)) return schedule;
  return { ...schedule, version: event.version, lastTick: event.data };
}
