import { workerState, type Worker } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import type { Column } from '../parts/dataTable.tsx';
import { Age } from '../parts/instant.tsx';
import { ListView } from '../parts/listView.tsx';
import { WorkerLink } from '../parts/names.tsx';
import { Empty } from '../parts/notes.tsx';
import { ReasonlessButton } from '../parts/dialogs/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';
import { useWorkers } from './useWorkers.ts';
import { WorkerFate } from './workerFate.tsx';

/** More running jobs are folded at first. */
const OPEN_UP_TO = 5;

/** The worker processes, and what each runs now. */
export function WorkersView() {
  const query = useWorkers();
  const data = query.data?.toSorted(byLife);
  return (
    <ListView
      title="Workers"
      query={{ ...query, data }}
      empty={NO_WORKERS}
      columns={columnsFor(query.data ?? [])}
      rowId={({ worker }) => worker}
    />
  );
}

const NO_WORKERS = (
  <Empty title="No workers" code="NATS_URL=nats://… node worker.js">
    A worker announces itself when it starts. docs/handlers.md shows how to write one:
  </Empty>
);

function columnsFor(workers: readonly Worker[]): readonly Column<Worker>[] {
  return [
    { name: 'Worker', cell: (worker) => <Name worker={worker} /> },
    { name: 'State', cell: (worker) => <WorkerFate worker={worker} workers={workers} /> },
    { name: 'Host', cell: ({ host, pid }) => (pid === undefined ? host : `${host}, process ${pid}`) },
    { name: 'Started', cell: ({ startedAt }) => <Age at={startedAt} /> },
    { name: 'Types', kind: 'names', cell: ({ types }) => <Types types={types} /> },
    { name: 'Runs now', cell: (worker) => <Running worker={worker} /> },
    { name: 'Actions', kind: 'actions', cell: ({ live, worker }) => !live && <ForgetWorker worker={worker} /> },
  ];
}

function Types({ types }: Pick<Worker, 'types'>) {
  return types.toSorted().map((type, index) => (
    <Fragment key={type}>
      {index > 0 && ', '}
      <Link to="/types/$type" params={{ type }}>
        {type}
      </Link>
    </Fragment>
  ));
}

function Name({ worker: { worker, name, version, runtime } }: { readonly worker: Worker }) {
  return (
    <>
      {[name ?? 'worker', version ?? []].flat().join(' ')}{' '}
      <span className="mono">
        <WorkerLink worker={worker} />
      </span>
      {runtime !== undefined && <div className="dim">{runtime}</div>}
    </>
  );
}

/** Lost ones after those that live, and before those that ended in order; the newest first among each. */
function byLife(one: Worker, other: Worker): number {
  return ORDER[kindOf(one)] - ORDER[kindOf(other)] || other.startedAt.localeCompare(one.startedAt);
}

const ORDER = { live: 0, stopping: 0, lost: 1, stopped: 2 } as const;

function kindOf(worker: Worker) {
  return workerState(worker).kind;
}

/** The jobs that a worker runs, as of its last heartbeat; a lost one does not run them any more. */
function Running({ worker: { live, running, runningCount } }: { readonly worker: Worker }) {
  if (runningCount === 0) return <span className="dim">nothing</span>;
  return (
    <details className="running" open={running.length <= OPEN_UP_TO}>
      <summary>
        {runningCount.toLocaleString()} {runningCount === 1 ? 'job' : 'jobs'} {!live && 'when it was lost'}
      </summary>
      {running.map(({ jobId, type, attempt, startedAt }) => (
        <div key={jobId}>
          <Link to="/jobs/$id" params={{ id: jobId }}>
            {type}
          </Link>{' '}
          <span className="dim">attempt {attempt},</span> <Age at={startedAt} />
        </div>
      ))}
      {runningCount > running.length && <div className="dim">and {runningCount - running.length} more</div>}
    </details>
  );
}

/** Takes a worker that is gone off the list, which else has it for a day. */
function ForgetWorker({ worker }: { readonly worker: string }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('admin')) return null;
  const remove = async () => {
    await client.workers.remove(worker);
    await queryClient.invalidateQueries({ queryKey: ['workers'] });
  };
  return <ReasonlessButton label="Forget" of={worker} onPress={remove} />;
}
