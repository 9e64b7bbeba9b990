import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';

/** A job beside another one; without `other`, beside the last that has succeeded and is most like it. */
export function useComparison(id: string, other?: string) {
  const client = useClient();
  return useQuery({
    queryKey: ['job', id, 'comparison', other ?? ''],
    queryFn: ({ signal }) => client.jobs.compare(id, other, { signal }),
  });
}
