import { hasEnded, type Job, type Priority } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonDialog } from '../parts/dialogs/reasonDialog.tsx';
import { useMay } from '../session/session.ts';
import { SendSignal } from './sendSignal.tsx';

interface ActionProps {
  readonly job: Job;
}

/** What may be done to a job in its status, by this caller. */
export function JobActions({ job }: ActionProps) {
  if (!useMay('jobs:write')) return <p className="dim">Read-only: changes need the scope jobs:write.</p>;
  return hasEnded(job) ? <ActionsAfterEnd job={job} /> : <ActionsBeforeEnd job={job} />;
}

function ActionsAfterEnd({ job }: ActionProps) {
  if (job.status === 'completed') return <Rerun job={job} />;
  return (
    <div className="actions">
      <Link className="button" to="/jobs/$id/edit" params={{ id: job.id }}>
        Edit and retry
      </Link>
      <Rerun job={job} />
      <Retry job={job} />
    </div>
  );
}

function ActionsBeforeEnd({ job }: ActionProps) {
  const { status, waitingFor } = job;
  const isDueLater = status === 'scheduled' || status === 'retrying';
  return (
    <div className="actions">
      {isDueLater && <RunNow job={job} />}
      {/* Where the job waits for one, the button stands beside that. */}
      {waitingFor?.reason !== 'signal' && <SendSignal job={job} />}
      {(isDueLater || status === 'pending') && <ChangePriority job={job} />}
      <Cancel job={job} />
    </div>
  );
}

/** Makes a job that is due later run at once; nothing for those who may not. */
export function RunNow({ job: { id } }: ActionProps) {
  const client = useClient();
  const changed = useChanged(id);
  if (!useMay('jobs:write')) return null;
  const runNow = (reason: string | undefined) => client.jobs.runNow(id, reasonOf(reason)).then(changed);
  return (
    <ReasonDialog action="Run now" title="Run this job now?" onConfirm={runNow}>
      It is due at once, and runs when a worker has a free slot.
    </ReasonDialog>
  );
}

function Retry({ job: { id } }: ActionProps) {
  const client = useClient();
  const changed = useChanged(id);
  const retry = (reason: string | undefined) => client.jobs.retry(id, reasonOf(reason)).then(changed);
  return (
    <ReasonDialog action="Retry job" title="Retry this job?" onConfirm={retry}>
      It waits for a worker again, with all its attempts.
    </ReasonDialog>
  );
}

function Rerun({ job: { id } }: ActionProps) {
  const client = useClient();
  const navigate = useNavigate();
  const rerun = async (reason: string | undefined) => {
    const repetition = await client.jobs.rerun(id, reasonOf(reason));
    await navigate({ to: '/jobs/$id', params: { id: repetition.id } });
  };
  return (
    <ReasonDialog action="Rerun" title="Rerun this job?" onConfirm={rerun}>
      A new job with the same payload and settings; this one stays as it is.
    </ReasonDialog>
  );
}

const PRIORITIES: readonly Priority[] = ['high', 'normal', 'low'];

function ChangePriority({ job }: ActionProps) {
  const { id } = job;
  const priority: Priority = job.priority ?? 'normal';
  const client = useClient();
  const changed = useChanged(id);
  const change = (reason: string | undefined, form: FormData) => {
    const chosen = PRIORITIES.find((one) => one === form.get('priority')) ?? priority;
    return client.jobs.changePriority(id, chosen, reasonOf(reason)).then(changed);
  };
  const others = (
    <label>
      Priority
      <select name="priority">
        {PRIORITIES.filter((one) => one !== priority).map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
  return (
    <ReasonDialog action="Change priority" title="Change the priority of this job?" fields={others} onConfirm={change}>
      It is {priority} now. While more jobs of the type wait than can run, most that start are of high priority, and few
      of low.
    </ReasonDialog>
  );
}

function Cancel({ job: { id } }: ActionProps) {
  const client = useClient();
  const changed = useChanged(id);
  const cancel = (reason: string | undefined) => client.jobs.cancel(id, reasonOf(reason)).then(changed);
  return (
    <ReasonDialog action="Cancel job" title="Cancel this job?" onConfirm={cancel}>
      A running attempt is told to stop, and one that sleeps does not go on. The job can be retried later.
    </ReasonDialog>
  );
}

/** Reads a job again that was changed: the API answers with no earlier state than the one after its own change. */
function useChanged(id: string): () => Promise<void> {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ['job', id] });
}

function reasonOf(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}
