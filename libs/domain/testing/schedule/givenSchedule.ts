import { isRejection } from '../../src/messages/commandContext.ts';
import { decideSchedule, type ScheduleCommand } from '../../src/schedule/decideSchedule.ts';
import { evolveSchedule, foldSchedule } from '../../src/schedule/evolveSchedule.ts';
import type { ScheduleState } from '../../src/schedule/schedule.ts';
import type { ScheduleEvent } from '../../src/schedule/scheduleEvent.ts';

/** A schedule that lived through the commands, each of which must have been accepted. */
export function scheduleAfter(...commands: readonly ScheduleCommand[]): ScheduleState {
  return foldSchedule(eventsOf(commands));
}

/** The events of commands given one after the other; throws when one is refused. */
export function eventsOf(commands: readonly ScheduleCommand[]): readonly ScheduleEvent[] {
  const events: ScheduleEvent[] = [];
  let state: ScheduleState;
  for (const command of commands) {
    const decision = decideSchedule(command, state);
    if (isRejection(decision)) throw new Error(`${command.kind}: ${decision.detail}`);
    events.push(decision);
    state = evolveSchedule(state, decision);
  }
  return events;
}

/** `expect(given(…).when(…)).toMatchObject({ event, data, schedule })`, or `{ refused }`. */
export function given(...commands: readonly ScheduleCommand[]) {
  const state = scheduleAfter(...commands);
  return {
    when(command: ScheduleCommand) {
      const decision = decideSchedule(command, state);
      if (isRejection(decision)) return { refused: decision.kind };
      const { event, version, data } = decision;
      return { event, version, data, schedule: evolveSchedule(state, decision) };
    },
  };
}
