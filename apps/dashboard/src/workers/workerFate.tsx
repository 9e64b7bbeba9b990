import { workerState, type Worker } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { Age } from '../parts/instant.tsx';

interface WorkerFateProps {
  readonly worker: Worker;
  /** All that are known: one of them may have taken its place. */
  readonly workers: readonly Worker[];
}

/** Whether a worker lives, has ended in order, was replaced, or was lost. */
export function WorkerFate({ worker, workers }: WorkerFateProps) {
  const state = workerState(worker, workers);
  if (state.kind !== 'stopped') return NAMES[state.kind];
  const { at, replacedBy } = state;
  return (
    <span className="worker-fate dim">
      ■ {replacedBy === undefined ? 'stopped' : <ReplacedBy worker={replacedBy} />}, <Age at={at} />
    </span>
  );
}

const NAMES = {
  live: <span>● live</span>,
  stopping: <span className="warn">‖ stopping</span>,
  lost: <span className="warn">✕ lost</span>,
};

function ReplacedBy({ worker: { worker, name, version } }: { readonly worker: Worker }) {
  return (
    <>
      replaced by{' '}
      <Link to="/workers" hash={worker}>
        {[name ?? worker, version ?? []].flat().join(' ')}
      </Link>
    </>
  );
}
