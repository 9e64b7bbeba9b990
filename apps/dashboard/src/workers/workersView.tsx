import type { Worker } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { ReasonlessButton } from '../parts/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';

/** More running jobs are folded at first. */
const OPEN_UP_TO = 5;

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
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.toSorted(byLife).map((worker) => (
            <WorkerRow key={worker.worker} worker={worker} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WorkerRow({ worker: one }: { readonly worker: Worker }) {
  const { worker, name, version, runtime, host, pid, startedAt, types } = one;
  return (
    <tr id={worker}>
      <td>
        {[name ?? 'worker', version ?? []].flat().join(' ')} <span className="mono dim">{worker}</span>
        {runtime !== undefined && <div className="dim">{runtime}</div>}
      </td>
      <td>{stateOf(one)}</td>
      <td>{pid === undefined ? host : `${host}, process ${pid}`}</td>
      <td>
        <Age at={startedAt} />
      </td>
      <td>{types.join(', ')}</td>
      <td>
        <Running worker={one} />
      </td>
      <td className="number">{!one.live && <ForgetWorker worker={worker} />}</td>
    </tr>
  );
}

/** Lost ones last, the newest first among each. */
function byLife(one: Worker, other: Worker): number {
  return Number(other.live) - Number(one.live) || other.startedAt.localeCompare(one.startedAt);
}

/** The jobs that a worker runs, as of its last heartbeat; a lost one does not run them any more. */
function Running({ worker: { live, running, runningCount } }: { readonly worker: Worker }) {
  if (runningCount === 0) return <span className="dim">nothing</span>;
  return (
    <details open={running.length <= OPEN_UP_TO}>
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

/** Takes a lost worker off the list, which else has it for a day. */
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

function stateOf({ live, stopping }: Worker) {
  if (!live) return <span className="warn">✕ lost</span>;
  return stopping ? <span className="warn">‖ stopping</span> : <span>● live</span>;
}
