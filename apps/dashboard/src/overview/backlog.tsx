import type { Stats, TypeBacklog } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { formatDuration } from '../format/duration.ts';
import { type Column, DataTable } from '../parts/dataTable.tsx';

/** What waits by type, the oldest first, without the types that have nothing in them. */
export function Backlog({ stats }: { readonly stats: Stats }) {
  const types = Object.entries(stats.backlog ?? {}).map(([type, one]): Waiting => Object.assign({ type }, one));
  if (types.length === 0) return null;
  const shown = types
    .filter((one) => hasSomething(one, stats))
    .toSorted((a, b) => (b.oldestAgeMs ?? 0) - (a.oldestAgeMs ?? 0));
  return (
    <section className="backlog">
      <h2>Backlog</h2>
      {shown.length > 0 && <DataTable columns={COLUMNS} rows={shown} rowId={({ type }) => `backlog-${type}`} />}
      <Hidden types={types.length - shown.length} />
    </section>
  );
}

function Hidden({ types }: { readonly types: number }) {
  if (types === 0) return null;
  return (
    <p className="below-table">
      <Link to="/types">
        {types === 1 ? '1 type with nothing in it is' : `${types.toLocaleString()} types with nothing in them are`}{' '}
        hidden
      </Link>
    </p>
  );
}

type Waiting = TypeBacklog & { readonly type: string };

/** Whether a type has jobs that have not ended, or any for which something happened in the period. */
function hasSomething({ type, waiting, inFlight }: Waiting, { activity, jobs }: Stats): boolean {
  const counts = jobs.byType[type] ?? {};
  const unfinished = UNFINISHED.some((status) => (counts[status] ?? 0) > 0);
  return waiting > 0 || inFlight > 0 || unfinished || activity?.byType[type] !== undefined;
}

const UNFINISHED = ['scheduled', 'pending', 'processing', 'waiting', 'retrying'] as const;

const COLUMNS: readonly Column<Waiting>[] = [
  { name: 'Type', cell: (one) => <TypeLink of={one} /> },
  { name: 'Pending', kind: 'number', cell: ({ waiting }) => waiting.toLocaleString() },
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
