import type { TypeBacklog } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { formatDuration } from '../format/duration.ts';
import { type Column, DataTable } from '../parts/dataTable.tsx';

/** What waits by type, the oldest first. */
export function Backlog({ backlog }: { readonly backlog: Readonly<Record<string, TypeBacklog>> }) {
  const types = Object.entries(backlog)
    .map(([type, one]): Waiting => Object.assign({ type }, one))
    .toSorted((a, b) => (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0));
  if (types.length === 0) return null;
  return (
    <section className="backlog">
      <h2>Backlog</h2>
      <DataTable columns={COLUMNS} rows={types} rowId={({ type }) => `backlog-${type}`} />
    </section>
  );
}

type Waiting = TypeBacklog & { readonly type: string };

const COLUMNS: readonly Column<Waiting>[] = [
  { name: 'Type', cell: (one) => <TypeLink of={one} /> },
  { name: 'Waiting', kind: 'number', cell: ({ waiting }) => waiting.toLocaleString() },
  {
    name: 'Oldest waits',
    kind: 'number',
    cell: ({ oldestAgeMs }) => (oldestAgeMs === undefined ? '–' : formatDuration(oldestAgeMs)),
  },
  { name: 'With workers', kind: 'number', cell: ({ inFlight }) => inFlight.toLocaleString() },
  { name: 'Workers', kind: 'number', cell: (one) => <Workers of={one} /> },
];

function TypeLink({ of: { type, waiting } }: { readonly of: Waiting }) {
  return (
    <Link to="/jobs" search={{ type, ...(waiting > 0 ? { status: 'pending' as const } : {}) }}>
      {type}
    </Link>
  );
}

function Workers({ of: { workers, waiting } }: { readonly of: Waiting }) {
  const missing = workers === 0 && waiting > 0;
  return (
    <Link to="/workers" className={missing ? 'warn' : undefined}>
      {missing ? 'none lives' : workers.toLocaleString()}
    </Link>
  );
}
