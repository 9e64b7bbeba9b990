import { explainWaiting, type Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatAge, formatDuration } from '../format/duration.ts';
import { formatInstant } from '../format/instant.ts';
import { useNow } from '../format/useNow.ts';
import { useClient } from '../live/dashboardContext.ts';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';
import { RunNow } from './jobActions.tsx';
import { SendSignal } from './sendSignal.tsx';

/** Why a job does not run, with the button that changes it. */
export function WhyItWaits({ job }: { readonly job: Job }) {
  const now = useNow();
  const explanation = explainWaiting(job, { time: (instant) => formatWhen(instant, now), duration: formatDuration });
  if (explanation === undefined) return null;
  const { because, advice } = explanation;
  return (
    <section className="why-it-waits" aria-label="Why it waits">
      <p>
        <strong>{because}</strong> {advice}
      </p>
      <Remedy job={job} />
    </section>
  );
}

/** Shows a time on the clock and how far away it is: `14:03:07 (in 2m)`. */
function formatWhen(instant: string, now: number): string {
  const at = new Date(instant);
  return `${formatInstant(at, new Date(now))} (${formatAge(now - at.getTime())})`;
}

type Reason = NonNullable<Job['waitingFor']>['reason'];

/** What would make the job run, for those who may do it; else where to look. */
const REMEDIES: Readonly<Partial<Record<Reason, (props: { readonly job: Job }) => ReactNode>>> = {
  due: RunNow,
  backoff: RunNow,
  signal: SendSignal,
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
