import type { Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonDialog } from '../parts/reasonDialog.tsx';
import { useMay } from '../session/session.ts';

/** What may be done to a job in its status, by this caller. */
export function JobActions({ job: { id, status } }: { readonly job: Job }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('jobs:write')) return <p className="dim">Read-only: changes need the scope jobs:write.</p>;
  const changed = (job: Job) => {
    queryClient.setQueryData(['job', id], job);
    return queryClient.invalidateQueries({ queryKey: ['job', id, 'events'] });
  };
  if (status === 'failed' || status === 'cancelled') {
    const retry = (reason: string | undefined) => client.jobs.retry(id, { ...reasonOf(reason) }).then(changed);
    return (
      <ReasonDialog action="Retry job" title="Retry this job?" onConfirm={retry}>
        It waits for a worker again, with all its attempts.
      </ReasonDialog>
    );
  }
  if (status === 'completed') return null;
  const cancel = (reason: string | undefined) => client.jobs.cancel(id, { ...reasonOf(reason) }).then(changed);
  return (
    <ReasonDialog action="Cancel job" title="Cancel this job?" onConfirm={cancel}>
      A running attempt is told to stop. The job can be retried later.
    </ReasonDialog>
  );
}

function reasonOf(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}
