import { hasEnded, type JobEvent } from '@jobstream/client';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { askAgain } from '../live/askAgain.ts';
import { useClient, useLiveFeed } from '../live/dashboardContext.ts';
import type { Moment } from '../live/liveFeed.ts';

/** Why a job waits changes without an event, so it is asked for again. */
const WAITING_MS = 2_000;

/** A job and its history, followed live. */
export function useJob(id: string) {
  const client = useClient();
  const queryClient = useQueryClient();
  const job = useQuery({
    queryKey: ['job', id],
    queryFn: ({ signal }) => client.jobs.get(id, { signal }),
    refetchInterval: (query) => {
      const { data } = query.state;
      return data === undefined || hasEnded(data) ? askAgain(query) : WAITING_MS;
    },
  });
  const history = useQuery({
    queryKey: ['job', id, 'events'],
    queryFn: ({ signal }) => client.jobs.history(id, { signal }),
  });
  const onMoment = useCallback(
    ({ changes, incomplete }: Moment) => {
      const concerned = incomplete || changes.some(({ jobId }) => jobId === id);
      if (concerned) void queryClient.invalidateQueries({ queryKey: ['job', id] });
    },
    [queryClient, id],
  );
  useLiveFeed(onMoment);
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
