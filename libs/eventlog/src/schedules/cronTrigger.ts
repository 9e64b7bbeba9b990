import { cronOf, type Cron, type CronField, type Schedule } from '@jobstream/domain';
import { cronHeaders } from '../connection/headers.ts';
import type { OutgoingMessage } from '../connection/publisher.ts';
import { cronSubject } from '../streams/scheduleSubjects.ts';

/** Periods that divide a day and that six fields can express, in seconds. */
const EVEN_PERIODS = [
  86_400, 43_200, 28_800, 21_600, 14_400, 10_800, 7_200, 3_600, 1_800, 1_200, 900, 720, 600, 360, 300, 240, 180, 120,
  60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1,
];

/** Returns the message that makes the server fire for a schedule on the subject `target`. */
export function cronTrigger(
  { name, cron, timeZone }: Pick<Schedule, 'name' | 'cron' | 'timeZone'>,
  target: string,
): OutgoingMessage {
  const parsed = cronOf(cron);
  const zone = parsed.kind === 'every' ? 'UTC' : timeZone;
  const pattern = triggerPattern(parsed);
  return {
    subject: cronSubject(name),
    // Contains all that the headers say, so that two triggers are the same when their bodies are.
    body: JSON.stringify({ schedule: name, pattern, timeZone: zone }),
    headers: cronHeaders(pattern, zone, target),
  };
}

/**
 * Returns the six fields by which the server fires for a cron. The server's own `@every` counts from the time at which the
 * schedule was published or the server restarted, so its firings would drift away from the ticks; an even period that
 * contains all ticks keeps to them, and a firing without a tick costs little.
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
