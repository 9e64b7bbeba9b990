import { isCarry, type LoggedEvent } from './jobEvent.ts';
import type { Signal } from './signals.ts';

/**
 * Returns the signals of a job that no step has read, oldest first.
 *
 * @param changes the events that have changed the job, oldest first.
 */
export function foldSignals(changes: Iterable<LoggedEvent>): readonly Signal[] {
  const unread = new Map<string, Signal>();
  let version = 0;
  for (const event of changes) {
    if (event.event === 'JobSignalled') {
      const { id, at, data } = event;
      unread.set(id, { id, name: data.name, payload: data.payload, at });
    }
    if (event.event === 'JobStepsRecorded') for (const { signal } of event.data.steps) unread.delete(signal?.id ?? '');
    if (isCarry(event) && event.version > version + 1) {
      unread.clear();
      for (const signal of event.event === 'JobCarried' ? [] : (event.data.signals ?? []))
        unread.set(signal.id, signal);
    }
    ({ version } = event);
  }
  return [...unread.values()];
}
