import type { JobOperation } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { isUnderWay, Progress, Steering } from './operationProgress.tsx';

/** The newest are shown. */
const MOST = 100;

/** The operations on many jobs, newest first: who began them and why, how far they are. */
export function OperationsView() {
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['operations'],
    queryFn: async ({ signal }) => {
      const newest: JobOperation[] = [];
      for await (const operation of client.operations.list({ signal })) {
        if (newest.push(operation) === MOST) break;
      }
      return newest;
    },
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? 1_000 : 5_000),
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <h1>Operations</h1>
      {error !== null && <Failure error={error} />}
      {data.length === 0 ? <NoOperations /> : <OperationTable operations={data} />}
    </>
  );
}

function NoOperations() {
  const body = JSON.stringify({ kind: 'retry', filter: { type: 'email', status: 'failed' }, dryRun: true });
  return (
    <Empty
      title="No operations on many jobs"
      code={`curl -X POST ${location.origin}/api/operations -H 'content-type: application/json' -d '${body}'`}
    >
      Choose jobs in the list, or a group of failures, and retry, replay or cancel them together. They are kept for 30
      days. From a terminal, only counting:
    </Empty>
  );
}

function OperationTable({ operations }: { readonly operations: readonly JobOperation[] }) {
  return (
    <div className="scroll">
      <table className="operations">
        <thead>
          <tr>
            <th>Operation</th>
            <th>Progress</th>
            <th>By</th>
            <th>Reason</th>
            <th>Begun</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {operations.map((operation) => (
            <OperationRow key={operation.id} operation={operation} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OperationRow({ operation }: { readonly operation: JobOperation }) {
  const { id, kind, total, actor, tenant, reason, createdAt } = operation;
  return (
    <tr>
      <td>
        <Link to="/operations/$id" params={{ id }}>
          {kind} {total.toLocaleString()} {total === 1 ? 'job' : 'jobs'}
        </Link>
      </td>
      <td>
        <Progress operation={operation} />
      </td>
      <td>{[actor.id, tenant ?? []].flat().join(' · ')}</td>
      <td className="why">{reason ?? '–'}</td>
      <td>
        <Age at={createdAt} />
      </td>
      <td className="number">
        <Steering operation={operation} />
      </td>
    </tr>
  );
}
