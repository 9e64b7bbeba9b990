import type { Worker } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';

/** The worker processes, and what each runs now. */
export function WorkersView() {
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => client.workers.list({ signal }),
    refetchInterval: 3_000,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <h1>Workers</h1>
      {error !== null && <Failure error={error} />}
      {data.length === 0 ? <NoWorkers /> : <WorkerTable workers={data} />}
    </>
  );
}

function NoWorkers() {
  return (
    <Empty title="No workers" code="NATS_URL=nats://… node worker.js">
      A worker announces itself when it starts. docs/handlers.md shows how to write one:
    </Empty>
  );
}

function WorkerTable({ workers }: { readonly workers: readonly Worker[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>Worker</th>
            <th>State</th>
            <th>Host</th>
            <th>Started</th>
            <th>Types</th>
            <th>Runs now</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerRow key={worker.worker} worker={worker} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WorkerRow({ worker: one }: { readonly worker: Worker }) {
  const { worker, name, version, host, pid, startedAt, types, running, runningCount } = one;
  return (
    <tr>
      <td>
        {[name ?? 'worker', version ?? []].flat().join(' ')} <span className="mono dim">{worker}</span>
      </td>
      <td>{stateOf(one)}</td>
      <td>{pid === undefined ? host : `${host}, process ${pid}`}</td>
      <td>
        <Age at={startedAt} />
      </td>
      <td>{types.join(', ')}</td>
      <td>
        {running.slice(0, 5).map(({ jobId, type, startedAt: since }) => (
          <div key={jobId}>
            <Link to="/jobs/$id" params={{ id: jobId }}>
              {type}
            </Link>{' '}
            <Age at={since} />
          </div>
        ))}
        {runningCount === 0 ? <span className="dim">nothing</span> : runningCount > 5 && `and ${runningCount - 5} more`}
      </td>
    </tr>
  );
}

function stateOf({ live, stopping }: Worker) {
  if (!live) return <span className="warn">✕ gone</span>;
  return stopping ? <span className="warn">‖ stopping</span> : <span>● live</span>;
}
