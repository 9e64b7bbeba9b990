import { useQuery } from '@tanstack/react-query';
import { askAgain } from '../live/askAgain.ts';
import { useClient } from '../live/dashboardContext.ts';

/** The numbers of jobs by type and status, now or as they were at a time. */
export function useCounts(asOf: string | undefined) {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['stats', asOf ?? ''],
    queryFn: ({ signal }) => client.stats({ ...(asOf === undefined ? {} : { asOf }), signal }),
    refetchInterval: asOf === undefined ? 3_000 : askAgain,
  });
  return data;
}
