import { randomUUID } from 'node:crypto';
import { decideSchedule, exists, isRejection } from '@jobstream/domain';
import type { EventLog } from '@jobstream/eventlog';

export interface RenewalContext {
  readonly eventLog: Pick<EventLog, 'schedules'>;
  /** The server's clock, RFC 3339. */
  readonly now: string;
}

/**
 * Appends the definition of a schedule again, which also has which ticks are dealt with, if the definition of this version
 * is still the newest.
 *
 * @throws ConcurrentAppendError when the schedule is being changed; what the log throws.
 */
export async function renewSchedule(name: string, version: number, { eventLog, now }: RenewalContext): Promise<void> {
  const snapshot = await eventLog.schedules.reader.read(name);
  if (snapshot === undefined || !exists(snapshot.schedule) || snapshot.schedule.definitionVersion > version) return;
  const { cron, timeZone, job, enabled, catchUp } = snapshot.schedule;
  const event = decideSchedule(
    {
      kind: 'UpdateSchedule',
      eventId: randomUUID(),
      at: now,
      actor: { kind: 'scheduler', id: name },
      definition: { cron, timeZone, job, enabled, catchUp },
    },
    snapshot.schedule,
  );
  if (!isRejection(event)) await eventLog.schedules.append(event, snapshot.sequence);
}
