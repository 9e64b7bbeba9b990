import { hasCome } from '../timestamp.ts';
import type { Timestamp } from '../timestamp.ts';
import { cronOf } from './cron.ts';
import { ticksDoneUpTo } from './decideSchedule.ts';
import type { Schedule } from './schedule.ts';
import { newestTicks } from './ticks.ts';

/** What an alarm means for a schedule: the ticks that get a job, oldest first, and how many get none. */
export interface TickPlan {
  /** The newest tick that is due: with this plan carried out, all up to it are dealt with. */
  readonly tickAt: Timestamp;
  readonly fire: readonly Timestamp[];
  readonly skipped: number;
}

/** An alarm that is stored so soon after a tick was rung for it: a server by itself is a quarter of a second late at most. */
export const ON_TIME_MS = 2_000;
/** Rings of one second are stored one after the other, each with a sync of the disk: those of a thousand take several seconds. */
const LATE_RING_MS = 30_000;
/** Missed ticks are counted up to this number; beyond it a cron of every second would keep the worker busy. */
const MAX_COUNTED = 10_000;

/** An alarm, as far as ticks are concerned. */
export interface Ring {
  /** When it was stored. */
  readonly rungAt: Timestamp;
  /** Whether it was rung for this schedule, not for all of them. */
  readonly isForOne: boolean;
}

/**
 * The plan for an alarm, or nothing if no tick is due. What matters is when the alarm was rung, not when somebody heard
 * it: ticks for which the server rang are on time even if all workers were away. All others are missed, and the
 * schedule's policy says what becomes of them.
 */
export function planTicks(schedule: Schedule, ring: Ring): TickPlan | undefined {
  const doneUpTo = ticksDoneUpTo(schedule);
  if (!schedule.enabled || hasCome(ring.rungAt, doneUpTo)) return undefined;
  const ticking = { cron: cronOf(schedule.cron), timeZone: schedule.timeZone };
  const range = { after: Date.parse(doneUpTo), until: Date.parse(ring.rungAt) };
  const due = newestTicks(ticking, range, MAX_COUNTED);
  const newest = due.at(-1);
  if (newest === undefined) return undefined;
  const fire = chosen(schedule, due, firstOnTime(newest, range.until, ring));
  return { tickAt: iso(newest), fire: fire.map(iso), skipped: due.length - fire.length };
}

/** A late ring is for one tick. Were all of that time on time, a server that comes back would ring for those it has missed. */
function firstOnTime(newest: number, rungAt: number, { isForOne }: Ring): number {
  const punctual = rungAt - ON_TIME_MS;
  return isForOne && newest >= rungAt - LATE_RING_MS ? Math.min(newest, punctual) : punctual;
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
