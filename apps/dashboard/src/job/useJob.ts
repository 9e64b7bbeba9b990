import { hasEnded, type Job, type JobEvent } from '@jobstream/client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { useChangesOfJob, whileUnderWay } from '../live/readAgain.ts';

/** A job and its history, followed live. */
export function useJob(id: string) {
  const client = useClient();
  const job = useQuery({
    queryKey: ['job', id],
    queryFn: ({ signal }) => client.jobs.get(id, { signal }),
    ...whileUnderWay((found: Job) => !hasEnded(found), ['waiting', 'once']),
  });
  const history = useQuery({
    queryKey: ['job', id, 'events'],
    queryFn: ({ signal }) => client.jobs.history(id, { signal }),
  });
  useChangesOfJob(id);
  return { job, history };
}

/** A job as it was after the last of its events up to a version; nothing without a version. */
export function usePastJob(id: string, events: readonly JobEvent[] = [], at: number | undefined) {
  const client = useClient();
  const event = at === undefined ? undefined : events.findLast(({ version }) => version <= at);
  const sequence = event?.sequence ?? 0;
  const past = useQuery({
    queryKey: ['past', id, sequence],
    queryFn: ({ signal }) => client.jobs.get(id, { asOf: sequence, signal }),
    enabled: event !== undefined,
    placeholderData: keepPreviousData,
    // What was does not change.
    staleTime: Infinity,
  });
  return { event, past: event === undefined ? { data: undefined, error: null } : past };
}
