import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';

/** The numbers of jobs by type and status, now or as they were at a time. */
export function useCounts(asOf: string | undefined) {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['stats', asOf ?? ''],
    queryFn: ({ signal }) => client.stats({ ...(asOf === undefined ? {} : { asOf }), signal }),
    ...(asOf === undefined ? readAgain.jobs : readAgain.once),
  });
  return data;
}
