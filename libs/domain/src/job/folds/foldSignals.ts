import { isCarry, type LoggedEvent } from '../jobEvent.ts';
import type { Signal } from '../settings/signals.ts';

/** What an event did to the unread signals of its job: whether all earlier ones count no more, those that it has read, and those that it brings. */
interface SignalChange {
  readonly drops: boolean;
  readonly read: readonly string[];
  readonly brought: readonly Signal[];
}

const NONE: SignalChange = { drops: false, read: [], brought: [] };

/**
 * Returns the signals of a job that no step has read, oldest first.
 *
 * @param changes the events that have changed the job, oldest first.
 */
export function foldSignals(changes: Iterable<LoggedEvent>): readonly Signal[] {
  const unread = new Map<string, Signal>();
  let version = 0;
  for (const event of changes) {
    const { drops, read, brought } = changeOf(event, version);
    if (drops) unread.clear();
    for (const id of read) unread.delete(id);
    for (const signal of brought) unread.set(signal.id, signal);
    ({ version } = event);
  }
  return [...unread.values()];
}

function changeOf(event: LoggedEvent, versionBefore: number): SignalChange {
  if (event.event === 'JobSignalled') {
    const { id, at, data } = event;
    return { ...NONE, brought: [{ id, name: data.name, payload: data.payload, at }] };
  }
  if (event.event === 'JobStepsRecorded')
    return { ...NONE, read: event.data.steps.flatMap(({ signal }) => signal?.id ?? []) };
  if (!isCarry(event) || event.version === versionBefore + 1) return NONE;
  return { ...NONE, drops: true, brought: event.event === 'JobCarried' ? [] : (event.data.signals ?? []) };
}
