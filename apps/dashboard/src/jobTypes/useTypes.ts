import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';

/** The job types. */
export function useTypes() {
  const client = useClient();
  return useQuery({
    queryKey: ['types'],
    queryFn: ({ signal }) => client.types.list({ signal }),
    ...readAgain.types,
  });
}
