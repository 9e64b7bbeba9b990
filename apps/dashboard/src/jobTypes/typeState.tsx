import type { JobStatus, JobType } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { ActorLink } from '../live/actorName.tsx';
import { Age, Instant } from '../parts/instant.tsx';

/** Whether jobs of a type are run, and if it is paused, who paused it, since when and why. */
export function TypeState({ type: one }: { readonly type: JobType }) {
  const { paused, workers, backlog } = one;
  if (paused) return <Paused type={one} />;
  if (workers.length === 0) return <span className={backlog > 0 ? 'warn' : 'dim'}>○ no worker</span>;
  return <span>● active</span>;
}

function Paused({ type: { until, pausedAt, pausedBy, pauseReason, pausedWithAll } }: { readonly type: JobType }) {
  return (
    <>
      <span className="warn">‖ paused{pausedWithAll && ' with all types'}</span>
      <span className="dim">
        {pausedBy !== undefined && (
          <>
            {' '}
            by <ActorLink actor={pausedBy} />
          </>
        )}
        {pausedAt !== undefined && (
          <>
            , <Age at={pausedAt} />
          </>
        )}
        {until !== undefined && (
          <>
            , until <Instant at={until} />
          </>
        )}
      </span>
      {pauseReason !== undefined && (
        <>
          : <q>{pauseReason}</q>
        </>
      )}
    </>
  );
}

interface CountProps {
  readonly of: string;
  readonly status: JobStatus;
  readonly jobs: number;
}

/** How many jobs of a type have a status, with the way to them. */
export function Count({ of: type, status, jobs }: CountProps) {
  return (
    <Link to="/jobs" search={{ type, status }}>
      {jobs.toLocaleString()}
    </Link>
  );
}

/** What each worker runs of a type at the most; undefined if it has no limits. */
export function limitsOf(limits: JobType['limits'] = {}): string | undefined {
  const concurrency = limits.concurrency === undefined ? [] : `${limits.concurrency} at once`;
  return [concurrency, limits.rate ?? []].flat().join(', ') || undefined;
}
