import { randomUUID } from 'node:crypto';
import { decideSchedule, evolveSchedule, isRejection } from '@jobstream/domain';
import { ConcurrentAppendError, type EventLog } from '@jobstream/eventlog';

/** Records ticks of a schedule as fast as possible, until another writer changes it. */
export async function tickUntil(signal: AbortSignal, name: string, { schedules }: EventLog): Promise<void> {
  const found = await schedules.reader.read(name);
  let [schedule, sequence] = [found?.schedule, found?.sequence ?? 0];
  for (let tick = 1; !signal.aborted; tick++) {
    const at = new Date().toISOString();
    const tickAt = new Date(Date.now() + tick * 1_000).toISOString();
    const context = { eventId: randomUUID(), at, actor: { kind: 'scheduler', id: 's1' } } as const;
    const event = decideSchedule(
      { ...context, kind: 'RecordTicks', tickAt, jobIds: [randomUUID()], skipped: 2 },
      schedule,
    );
    if (isRejection(event)) throw new Error(event.detail);
    try {
      sequence = await schedules.append(event, sequence);
    } catch (error) {
      if (error instanceof ConcurrentAppendError) return;
      throw error;
    }
    schedule = evolveSchedule(schedule, event);
  }
}
