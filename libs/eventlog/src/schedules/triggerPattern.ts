import type { Cron, CronField } from '@jobstream/domain';

/** Periods that divide a day and that six fields can express, in seconds. */
const EVEN_PERIODS = [
  86_400, 43_200, 28_800, 21_600, 14_400, 10_800, 7_200, 3_600, 1_800, 1_200, 900, 720, 600, 360, 300, 240, 180, 120,
  60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1,
];

/**
 * The six fields by which the server rings for a cron. The server's own `@every` counts from whenever the schedule was
 * published or the server restarted, so its rings would drift away from the ticks; ringing at an even period that has
 * all ticks in it keeps to them, and a ring without a tick costs little.
 */
export function triggerPattern(cron: Cron): string {
  if (cron.kind === 'every') return evenPattern(cron.seconds);
  return [cron.seconds, cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays].map(fieldText).join(' ');
}

function fieldText({ values, any }: CronField): string {
  return any ? '*' : values.join(',');
}

function evenPattern(seconds: number): string {
  const period = EVEN_PERIODS.find((candidate) => seconds % candidate === 0) ?? 1;
  if (period < 60) return `*/${period} * * * * *`;
  if (period < 3_600) return `0 */${period / 60} * * * *`;
  return period < 86_400 ? `0 0 */${period / 3_600} * * *` : '0 0 0 * * *';
}
