import type { ScheduleEvent, ScheduleEventName } from '@jobstream/domain';

/** The last token of the subject of an event of a schedule. */
const eventTokens = {
  ScheduleCreated: 'created',
  ScheduleUpdated: 'updated',
  ScheduleDeleted: 'deleted',
  ScheduleTicked: 'ticked',
} as const satisfies Record<ScheduleEventName, string>;

/** `schedules.<name>.<event>`: where an event of a schedule is stored. */
export function scheduleSubject(event: ScheduleEvent): string {
  return `schedules.${event.schedule}.${eventTokens[event.event]}`;
}

/** All events of a schedule; as with jobs, the one string that every append is checked against. */
export function scheduleFilter(name: string): string {
  return `schedules.${name}.>`;
}

/** A few subjects for each name that has or had a schedule. */
export const EVERY_SCHEDULE = 'schedules.*.*';

/** Events that change what a schedule is. */
export const DEFINING_SUBJECTS = [
  `schedules.*.${eventTokens.ScheduleCreated}`,
  `schedules.*.${eventTokens.ScheduleUpdated}`,
  `schedules.*.${eventTokens.ScheduleDeleted}`,
];

/** Where all triggers go when they fire. */
export const TICK_SUBJECT = 'timers.tick';

/** The server's cron schedule that fires for all schedules. */
export const HOURLY_SUBJECT = 'timers.hourly';

export const EVERY_CRON = 'timers.cron.*';

/** The server's cron schedule that fires for a schedule; publishing it again replaces it. */
export function cronSubject(name: string): string {
  return `timers.cron.${name}`;
}

/** A single trigger at an instant at which the cron schedule would not fire. */
export function extraTriggerSubject(name: string): string {
  return `timers.once.${name}`;
}

/** The schedule that a subject of the stream JOBS or a cron schedule of TIMERS is about. */
export function scheduleOfSubject(subject: string): string {
  const [stream, second = '', third = ''] = subject.split('.');
  return stream === 'schedules' ? second : third;
}
