import type { ClockCron, Cron, CronField } from './cron.ts';
import { offsetsOf, type TimeZone } from './timeZone.ts';

const DAY_MS = 86_400_000;

const SECOND_MS = 1_000;

export interface Ticking {
  readonly cron: Cron;
  readonly timeZone: TimeZone;
}

/** A stretch of time in which the wall clock runs evenly. Instants in milliseconds; `end` is not part of it. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** The server looks as far ahead for the next tick, and takes a cron that has none for invalid. */
const HORIZON_MS = 5 * 366 * DAY_MS;
const FIRST_WINDOW_MS = 3_600_000;

/**
 * The ticks after an instant, in milliseconds, ascending, for five years. A tick is a whole second at which the wall
 * clock of the time zone reads what the cron asks for: where the clock is put forward, the times left out do not tick;
 * where it is put back, the repeated ones tick twice. The server's own cron schedules, which fire the triggers, do the same.
 */
function* ticksAfter({ cron, timeZone }: Ticking, after: number): Generator<number, void> {
  if (cron.kind === 'clock') {
    yield* clockTicks(cron, offsetsOf(timeZone), after);
    return;
  }
  const step = cron.seconds * SECOND_MS;
  const end = after + HORIZON_MS;
  for (let tick = (Math.floor(after / step) + 1) * step; tick < end; tick += step) yield tick;
}

/** The first ticks after an instant, at most `count`. */
export function nextTicks(ticking: Ticking, after: number, count: number): number[] {
  const ticks: number[] = [];
  if (count === 0) return ticks;
  for (const tick of ticksAfter(ticking, after)) {
    ticks.push(tick);
    if (ticks.length === count) break;
  }
  return ticks;
}

/** The last ticks in (`after`, `until`], oldest first, at most `count`. */
export function newestTicks(ticking: Ticking, range: { after: number; until: number }, count: number): number[] {
  const windows: number[][] = [];
  let [end, found] = [range.until, 0];
  // Looking back in growing windows: a dense cron fills the first one, a rare one soon gets to years.
  for (let window = FIRST_WINDOW_MS; end > range.after && found < count; window *= 2) {
    const start = Math.max(range.after, end - window);
    const ticks = ticksWithin(ticking, start, end);
    windows.unshift(ticks);
    found += ticks.length;
    end = start;
  }
  return windows.flat().slice(-count);
}

function ticksWithin(ticking: Ticking, after: number, until: number): number[] {
  const ticks: number[] = [];
  for (const tick of ticksAfter(ticking, after)) {
    if (tick > until) break;
    ticks.push(tick);
  }
  return ticks;
}

function* clockTicks(cron: ClockCron, offsetAt: (instant: number) => number, after: number): Generator<number, void> {
  const start = (Math.floor(after / SECOND_MS) + 1) * SECOND_MS;
  for (const { start: from, end, offset } of stretches(offsetAt, start, after + HORIZON_MS)) {
    const wallEnd = end + offset;
    let wall = nextWallTime(cron, from + offset, wallEnd);
    while (wall !== undefined) {
      yield wall - offset;
      wall = nextWallTime(cron, wall + SECOND_MS, wallEnd);
    }
  }
}

/** The time from `start` to `end` in days, cut where the offset changes. */
function* stretches(offsetAt: (instant: number) => number, start: number, end: number): Generator<Stretch, void> {
  let offset = offsetAt(start);
  while (start < end) {
    const probe = start + DAY_MS;
    const offsetThen = offsetAt(probe);
    const cut = offsetThen === offset ? probe : firstChange(offsetAt, start, probe);
    yield { start, end: cut, offset };
    start = cut;
    offset = offsetThen;
  }
}

/** The first whole second after `from` with another offset; `to` has one. */
function firstChange(offsetAt: (instant: number) => number, from: number, to: number): number {
  const before = offsetAt(from);
  let [same, changed] = [from, to];
  while (changed - same > SECOND_MS) {
    const middle = same + Math.floor((changed - same) / 2 / SECOND_MS) * SECOND_MS;
    if (offsetAt(middle) === before) same = middle;
    else changed = middle;
  }
  return changed;
}

/**
 * The first reading of a wall clock from `from` on and before `end` that the cron asks for. Readings are written as if
 * the clock showed UTC, in milliseconds and whole seconds.
 */
function nextWallTime(cron: ClockCron, from: number, end: number): number | undefined {
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < end; day += DAY_MS) {
    const second = isDayOf(cron, new Date(day)) ? secondFrom(cron, Math.max(0, from - day) / SECOND_MS) : undefined;
    if (second === undefined) continue;
    const wall = day + second * SECOND_MS;
    return wall < end ? wall : undefined;
  }
  return undefined;
}

/** As ever in cron: a day must fit both its fields, but when both say something, one of them. */
function isDayOf({ days, months, weekdays }: ClockCron, date: Date): boolean {
  if (!months.values.includes(date.getUTCMonth() + 1)) return false;
  const fitsDay = days.values.includes(date.getUTCDate());
  const fitsWeekday = weekdays.values.includes(date.getUTCDay());
  return days.any || weekdays.any ? fitsDay && fitsWeekday : fitsDay || fitsWeekday;
}

/** The first time of day from second `from` on, in seconds after midnight. */
function secondFrom({ hours, minutes, seconds }: ClockCron, from: number): number | undefined {
  const [hour, minute, second] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60, from % 60];
  const inMinute = hours.values.includes(hour) && minutes.values.includes(minute) ? first(seconds, second) : undefined;
  if (inMinute !== undefined) return hour * 3_600 + minute * 60 + inMinute;
  const inHour = hours.values.includes(hour) ? first(minutes, minute + 1) : undefined;
  const firstSecond = first(seconds, 0) ?? 0;
  if (inHour !== undefined) return hour * 3_600 + inHour * 60 + firstSecond;
  const later = first(hours, hour + 1);
  return later === undefined ? undefined : later * 3_600 + (first(minutes, 0) ?? 0) * 60 + firstSecond;
}

function first({ values }: CronField, from: number): number | undefined {
  return values.find((value) => value >= from);
}
