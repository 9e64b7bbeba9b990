import { foldHistory, foldSignals, foldSteps, type JobCommandOf } from '@jobstream/domain';
import type { StoredHistory } from '../read/jobReader.ts';

/** The steps of a job and the signals that none has read, to be written down again: of a history that `LogPrefix.storedHistory` has returned. */
export function carriedEntries({
  events,
}: StoredHistory): Required<Pick<JobCommandOf<'CarryJob'>, 'steps' | 'signals'>> {
  const changes = foldHistory(events).changes.map(({ event }) => event);
  return { steps: foldSteps(changes), signals: foldSignals(changes) };
}
