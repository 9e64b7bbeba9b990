import type { JobType } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import type { Column } from '../parts/dataTable.tsx';
import { Age } from '../parts/instant.tsx';
import { ListView } from '../parts/listView.tsx';
import { Empty } from '../parts/notes.tsx';
import { PauseAll, PauseType } from './pauseType.tsx';
import { Count, limitsOf, TypeState } from './typeState.tsx';
import { useTypes } from './useTypes.ts';

/** The job types: what waits, who runs it, and whether it is paused. */
export function TypesView() {
  const query = useTypes();
  return (
    <ListView
      title="Job types"
      aside={query.data && <PauseAll types={query.data} />}
      query={query}
      empty={NO_TYPES}
      columns={COLUMNS}
      rowId={({ type }) => `type-${type}`}
    />
  );
}

const NO_TYPES = (
  <Empty title="No job types yet" code="npx jobstream dev --handlers handlers.js">
    A type appears here when a worker announces a handler for it, or when it has jobs:
  </Empty>
);

const COLUMNS: readonly Column<JobType>[] = [
  { name: 'Type', cell: ({ type }) => <TypeLink type={type} /> },
  { name: 'State', cell: (type) => <TypeState type={type} /> },
  { name: 'Pending', kind: 'number', cell: ({ type, backlog }) => <Count of={type} status="pending" jobs={backlog} /> },
  {
    name: 'Oldest waits since',
    kind: 'number',
    cell: ({ waitingSince }) => (waitingSince === undefined ? '–' : <Age at={waitingSince} />),
  },
  {
    name: 'With workers',
    kind: 'number',
    cell: ({ type, inFlight }) => <Count of={type} status="processing" jobs={inFlight} />,
  },
  { name: 'Workers', kind: 'number', cell: ({ workers }) => workers.length },
  { name: 'Limits of each', cell: ({ limits }) => limitsOf(limits) ?? '–' },
  { name: 'Actions', kind: 'actions', cell: (type) => <PauseType type={type} /> },
];

function TypeLink({ type }: { readonly type: string }) {
  return (
    <Link to="/types/$type" params={{ type }}>
      {type}
    </Link>
  );
}
