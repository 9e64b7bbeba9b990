import type { ClockCron } from './cron.ts';
import type { CronField } from './cronField.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

/**
 * The first reading of a wall clock from `from` on and before `end` that the cron asks for. Readings are written as if
 * the clock showed UTC, in milliseconds and whole seconds.
 */
export function nextWallTime(cron: ClockCron, from: number, end: number): number | undefined {
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
