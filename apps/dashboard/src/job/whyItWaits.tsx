import { hasEnded, type Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useNow } from '../format/useNow.ts';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonlessButton } from '../parts/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';
import { RunNow } from './jobActions.tsx';
import { explainWaiting } from './waitingSentence.ts';

/** Why a job does not run, with the button that changes it. */
export function WhyItWaits({ job }: { readonly job: Job }) {
  const now = useNow();
  if (hasEnded(job)) return null;
  const { waitingFor } = job;
  const { because, advice } =
    waitingFor === undefined
      ? { because: `It is ${job.status}; why is not known while the log does not answer.`, advice: undefined }
      : explainWaiting(waitingFor, job, new Date(now));
  return (
    <section className="why" aria-label="Why it waits">
      <p>
        <strong>{because}</strong> {advice}
      </p>
      <Remedy job={job} />
    </section>
  );
}

type Reason = NonNullable<Job['waitingFor']>['reason'];

/** What would make the job run, for those who may do it; else where to look. */
const REMEDIES: Readonly<Partial<Record<Reason, (props: { readonly job: Job }) => ReactNode>>> = {
  due: RunNow,
  backoff: RunNow,
  paused: ResumeType,
  noWorker: WorkersLink,
  lostWorker: WorkersLink,
  running: WorkersLink,
  concurrency: WaitingLink,
  rateLimit: WaitingLink,
  queue: WaitingLink,
};

function Remedy({ job }: { readonly job: Job }) {
  const Known = job.waitingFor === undefined ? undefined : REMEDIES[job.waitingFor.reason];
  return Known === undefined ? null : <Known job={job} />;
}

function WaitingLink({ job: { type } }: { readonly job: Job }) {
  return (
    <Link to="/jobs" search={{ type, status: 'pending' }}>
      The jobs that wait
    </Link>
  );
}

function ResumeType({ job: { id, type } }: { readonly job: Job }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('admin')) return <span className="dim">Resuming it needs the scope admin.</span>;
  const resume = async () => {
    await client.types.resume(type);
    await queryClient.invalidateQueries({ queryKey: ['job', id] });
  };
  return <ReasonlessButton label="Resume" of={type} onPress={resume} />;
}

function WorkersLink({ job: { tenant } }: { readonly job: Job }) {
  return tenant === undefined ? <Link to="/workers">Workers</Link> : null;
}
