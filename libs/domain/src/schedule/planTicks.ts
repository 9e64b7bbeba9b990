import { isDue, type Timestamp } from '../messages/timestamp.ts';
import { cronOf } from './cron.ts';
import { ticksDoneUpTo } from './decideSchedule.ts';
import type { Schedule } from './schedule.ts';
import { newestTicks } from './ticks.ts';

/** What a fired trigger means for a schedule: the ticks that get a job, oldest first, and how many get none. */
export interface TickPlan {
  /** The newest tick that is due: with this plan carried out, all up to it are dealt with. */
  readonly tickAt: Timestamp;
  readonly fire: readonly Timestamp[];
  readonly skipped: number;
}

/** A trigger that is stored this soon after a tick was fired for it: a single server is at most a quarter of a second late. */
export const ON_TIME_MS = 2_000;
/** Triggers of one second are stored one after the other, each with an fsync: a thousand take several seconds. */
const LATE_FIRE_MS = 30_000;
/** Missed ticks are counted up to this number; beyond it a cron of every second would keep the worker busy. */
const MAX_COUNTED = 10_000;

/** When, and for which schedules, a trigger fired. */
export interface TriggerTime {
  /** When it was stored. */
  readonly firedAt: Timestamp;
  /** Whether it fired for this schedule, not for all of them. */
  readonly isForOne: boolean;
}

/**
 * Plans what a fired trigger has to do, or returns undefined if no tick is due. What counts is when the trigger fired, not
 * when a worker received it: ticks that the server fired for are on time even if no worker ran. All others are missed, and the
 * schedule's policy says what becomes of them.
 */
export function planTicks(schedule: Schedule, trigger: TriggerTime): TickPlan | undefined {
  const doneUpTo = ticksDoneUpTo(schedule);
  if (!schedule.enabled || isDue(trigger.firedAt, doneUpTo)) return undefined;
  const ticking = { cron: cronOf(schedule.cron), timeZone: schedule.timeZone };
  const range = { after: Date.parse(doneUpTo), until: Date.parse(trigger.firedAt) };
  const due = newestTicks(ticking, range, MAX_COUNTED);
  const newest = due.at(-1);
  if (newest === undefined) return undefined;
  const fire = chosen(schedule, due, firstOnTime(newest, range.until, trigger));
  return { tickAt: iso(newest), fire: fire.map(iso), skipped: due.length - fire.length };
}

/** A late trigger is for one tick. If all ticks of that time were on time, a restarted server would fire for those it missed. */
function firstOnTime(newest: number, firedAt: number, { isForOne }: TriggerTime): number {
  const punctual = firedAt - ON_TIME_MS;
  return isForOne && newest >= firedAt - LATE_FIRE_MS ? Math.min(newest, punctual) : punctual;
}

function chosen({ catchUp }: Schedule, due: readonly number[], onTimeFrom: number): readonly number[] {
  const onTime = due.filter((tick) => tick >= onTimeFrom);
  const missed = due.slice(0, due.length - onTime.length);
  switch (catchUp.policy) {
    case 'skip':
      return onTime;
    case 'latest':
      return onTime.length > 0 ? onTime : missed.slice(-1);
    case 'all':
      return [...missed.slice(-catchUp.limit), ...onTime];
  }
}

function iso(instant: number): Timestamp {
  return new Date(instant).toISOString();
}
