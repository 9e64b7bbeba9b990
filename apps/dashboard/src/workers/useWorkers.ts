import { useQuery } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { useSession } from '../session/session.ts';

/** The workers; undefined for those who may not see them, since tenants have them in common. */
export function useWorkers() {
  const client = useClient();
  const { tenant } = useSession();
  return useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => client.workers.list({ signal }),
    ...readAgain.system,
    enabled: tenant === undefined,
  });
}
