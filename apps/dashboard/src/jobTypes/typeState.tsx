import type { JobType } from '@jobstream/client';
import { formatActor } from '../format/actor.ts';
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
        {pausedBy !== undefined && ` by ${formatActor(pausedBy)}`}
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
