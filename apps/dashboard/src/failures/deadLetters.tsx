import type { Job } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { usePages } from '../live/usePages.ts';
import type { Column } from '../parts/dataTable.tsx';
import { Age } from '../parts/instant.tsx';
import { ListRows } from '../parts/listView.tsx';
import { ErrorName, JobLink } from '../parts/names.tsx';
import { Empty } from '../parts/notes.tsx';
import { useMay } from '../session/session.ts';
import type { FailureSearch } from './failureSearch.ts';

const PAGE_SIZE = 50;

/** The jobs that have failed for good, in the order in which they failed, each with the way to mend it. */
export function DeadLetters({ search }: { readonly search: FailureSearch }) {
  const { type, sort = 'lastFinished' } = search;
  const may = useMay('jobs:write');
  const client = useClient();
  const failed = { status: 'failed', sort, limit: PAGE_SIZE, ...(type === undefined ? {} : { type }) } as const;
  const query = usePages({
    queryKey: ['dead letters', type ?? '', sort],
    readPage: (page, options) => client.jobs.listPage({ ...failed, ...page }, options),
    again: 'slowly',
  });
  return (
    <ListRows
      query={query}
      empty={NO_DEAD_LETTERS}
      columns={[...COLUMNS, failedAt({ ...search, sort }), ...(may ? [MENDING] : [])]}
      rowId={({ id }) => id}
      className="dead-letters"
    >
      <p className="dim">{ORDERS[sort].sentence}</p>
    </ListRows>
  );
}

const NO_DEAD_LETTERS = (
  <Empty title="No job has failed for good" code="throw new UnrecoverableError('no such customer');">
    A job comes here when all its attempts have failed, or at once when its handler says that no other attempt can
    succeed:
  </Empty>
);

const COLUMNS: readonly Column<Job>[] = [
  { name: 'Job', cell: ({ id }) => <JobLink id={id} /> },
  { name: 'Type', cell: ({ type }) => <TypeLink type={type} /> },
  {
    name: 'Error',
    kind: 'why',
    cell: ({ type, error }) => error && [<ErrorName key="name" type={type} error={error} />, ` ${error.message}`],
  },
  { name: 'Attempts', kind: 'number', cell: ({ attempt }) => attempt },
];

type Ordered = FailureSearch & Required<Pick<FailureSearch, 'sort'>>;

const ORDERS = {
  lastFinished: { sentence: 'The last that failed first.', sorted: 'descending', other: 'firstFinished' },
  firstFinished: { sentence: 'The first that failed first.', sorted: 'ascending', other: 'lastFinished' },
} as const;

/** When each failed, which is their order: its head turns it round. */
function failedAt(search: Ordered): Column<Job> {
  const { sorted, other } = ORDERS[search.sort];
  return {
    name: 'Failed',
    sorted,
    head: (
      <Link to="/failures" search={{ ...search, sort: other }} title={`Turn round: ${ORDERS[other].sentence}`}>
        Failed <span aria-hidden="true">{sorted === 'descending' ? '↓' : '↑'}</span>
      </Link>
    ),
    cell: ({ finishedAt, updatedAt }) => <Age at={finishedAt ?? updatedAt} />,
  };
}

const MENDING: Column<Job> = { name: 'Actions', kind: 'actions', cell: ({ id }) => <EditLink id={id} /> };

function TypeLink({ type }: { readonly type: string }) {
  return (
    <Link from="/failures" to="/failures" search={(before) => ({ ...before, type })}>
      {type}
    </Link>
  );
}

function EditLink({ id }: { readonly id: string }) {
  return (
    <Link className="button" to="/jobs/$id/edit" params={{ id }}>
      Edit and retry<span className="sr-only"> job {id}</span>
    </Link>
  );
}
