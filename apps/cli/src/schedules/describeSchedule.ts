import type { Schedule } from '@jobstream/client';
import type { Printer } from '../output/printer.ts';
import { formatProperties, plainText } from '../output/table.ts';

const SHOWN_TICKS = 3;

/** Shows a schedule to people: a line for each of its properties. */
export function describeSchedule(schedule: Schedule, { time, due, tone }: Printer): string {
  const { name, cron, timeZone, enabled, job, lastTick, nextTicks, catchUp, version, definedBy } = schedule;
  const properties = {
    name: tone('strong', name),
    cron: `${cron} (${timeZone})`,
    enabled: enabled ? 'yes' : 'no',
    type: job.type,
    payload: JSON.stringify(job.payload),
    tags: job.tags.map(plainText).join(', '),
    priority: job.priority,
    'catch up': catchUp.policy,
    last: lastTick && `${time(lastTick.tickAt)}: ${lastTick.jobIds.join(', ') || 'no job'}`,
    next: nextTicks
      .slice(0, SHOWN_TICKS)
      .map((tick) => due(tick))
      .join(', '),
    definition: definedBy && `of the worker ${plainText(definedBy)}`,
    version: String(version),
  };
  return formatProperties(properties, (text) => tone('quiet', text));
}
