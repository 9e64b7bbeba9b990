import type { JobOperation } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { ActorLink } from '../live/actorName.tsx';
import { whileUnderWay } from '../live/readAgain.ts';
import type { Column } from '../parts/dataTable.tsx';
import { Age } from '../parts/instant.tsx';
import { ListView } from '../parts/listView.tsx';
import { Empty } from '../parts/notes.tsx';
import { isUnderWay, Progress, Steering } from './operationProgress.tsx';

/** The newest are shown. */
const MOST = 100;

/** The operations on many jobs, newest first: who began them and why, how far they are. */
export function OperationsView() {
  const client = useClient();
  const query = useQuery({
    queryKey: ['operations'],
    queryFn: async ({ signal }) => {
      const newest: JobOperation[] = [];
      for await (const operation of client.operations.list({ signal })) {
        if (newest.push(operation) === MOST) break;
      }
      return newest;
    },
    ...whileUnderWay((operations: readonly JobOperation[]) => operations.some(isUnderWay), ['underWay', 'system']),
  });
  return (
    <ListView
      title="Operations"
      query={query}
      empty={<NoOperations />}
      columns={COLUMNS}
      rowId={({ id }) => id}
      className="operations"
    />
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

const COLUMNS: readonly Column<JobOperation>[] = [
  { name: 'Operation', cell: (operation) => <OperationLink operation={operation} /> },
  { name: 'Progress', cell: (operation) => <Progress operation={operation} /> },
  {
    name: 'By',
    cell: ({ actor, tenant }) => (
      <>
        <ActorLink actor={actor} />
        {tenant !== undefined && ` · ${tenant}`}
      </>
    ),
  },
  { name: 'Reason', kind: 'why', cell: ({ reason }) => reason ?? '–' },
  { name: 'Begun', cell: ({ createdAt }) => <Age at={createdAt} /> },
  { name: 'Actions', kind: 'actions', cell: (operation) => <Steering operation={operation} /> },
];

function OperationLink({ operation: { id, kind, total } }: { readonly operation: JobOperation }) {
  return (
    <Link to="/operations/$id" params={{ id }}>
      {kind} {total.toLocaleString()} {total === 1 ? 'job' : 'jobs'}
    </Link>
  );
}
