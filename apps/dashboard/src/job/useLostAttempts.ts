import { lostAttempts, type JobEvent } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';

/**
 * Why attempts of a job were lost with their workers, by the version of the event that shows it. Where there are any, the workers are
 * asked for, and the sentences say less to those who may not see them.
 */
export function useLostAttempts(events: readonly JobEvent[]): ReadonlyMap<number, string> {
  const client = useClient();
  const { data: workers } = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => client.workers.list({ signal }),
    enabled: lostAttempts(events).length > 0,
    // A worker announces it when its event loop runs again.
    ...readAgain.system,
  });
  return useMemo(() => {
    const lost = lostAttempts(events, workers);
    return new Map(lost.map(({ version, attempt, because }) => [version, `Attempt ${attempt} was lost: ${because}.`]));
  }, [events, workers]);
}
