import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';

/** The job types, asked for again every three seconds. */
export function useTypes() {
  const client = useClient();
  return useQuery({
    queryKey: ['types'],
    queryFn: ({ signal }) => client.types.list({ signal }),
    refetchInterval: 3_000,
  });
}
