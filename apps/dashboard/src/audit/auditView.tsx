import type { AuditRecord } from '@jobstream/client';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { ActorName } from '../live/actorName.tsx';
import { useClient } from '../live/dashboardContext.ts';
import { usePages } from '../live/usePages.ts';
import type { Column } from '../parts/dataTable.tsx';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { JobLink, ShortId } from '../parts/names.tsx';
import { ListView } from '../parts/listView.tsx';
import { NeedsScope } from '../parts/needsScope.tsx';
import { Empty } from '../parts/notes.tsx';
import { useMay } from '../session/session.ts';
import '../styles/administration.css';
import { AuditFilters } from './auditFilters.tsx';
import type { AuditSearch } from './auditSearch.ts';

const route = getRouteApi('/audit');
const PAGE_SIZE = 100;

/** Who changed what over the API, newest first. */
export function AuditView() {
  const search: AuditSearch = route.useSearch();
  return useMay('admin') ? <Audit search={search} /> : <NeedsScope scope="admin" view="Audit log" />;
}

function Audit({ search }: { readonly search: AuditSearch }) {
  const client = useClient();
  const query = usePages({
    queryKey: ['audit', search],
    readPage: (page, options) => client.audit.listPage({ ...search, limit: PAGE_SIZE, ...page }, options),
    again: 'once',
  });
  return (
    <ListView
      title="Audit log"
      query={query}
      empty={<NoRecords filtered={Object.keys(search).length > 0} />}
      columns={COLUMNS}
      rowId={({ id }) => id}
      className="audit"
    >
      <AuditFilters search={search} />
    </ListView>
  );
}

function NoRecords({ filtered }: { readonly filtered: boolean }) {
  return (
    <Empty
      title={filtered ? 'No change matches' : 'No changes yet'}
      code={`curl '${location.origin}/api/audit${location.search}' -H "authorization: Bearer $ADMIN_KEY"`}
    >
      Cancellations, retries, pauses, keys and the like are recorded, with who made them. The same from a terminal:
    </Empty>
  );
}

const COLUMNS: readonly Column<AuditRecord>[] = [
  { name: 'Time', cell: ({ at }) => <Instant at={at} /> },
  { name: 'Action', cell: ({ action }) => <ActionLink action={action} /> },
  { name: 'Subject', cell: ({ subject }) => <Subject subject={subject} /> },
  { name: 'Actor', cell: (record) => <Actor record={record} /> },
  { name: 'Outcome', cell: (record) => <Outcome record={record} /> },
  { name: 'Reason and details', cell: (record) => <Details record={record} /> },
];

function ActionLink({ action }: Pick<AuditRecord, 'action'>) {
  return (
    <Link to="/audit" search={{ action }}>
      {action}
    </Link>
  );
}

function Actor({ record: { actor, tenant } }: { readonly record: AuditRecord }) {
  return (
    <>
      <Link to="/audit" search={{ actor: actor.id }}>
        <ActorName actor={actor} />
      </Link>
      {tenant !== undefined && <span className="dim"> of {tenant}</span>}
    </>
  );
}

/** What was changed, with the way to it. */
function Subject({ subject: { kind, id } }: Pick<AuditRecord, 'subject'>): ReactNode {
  if (id === undefined) return kind;
  switch (kind) {
    case 'job':
      return <JobLink id={id} />;
    case 'operation':
      return (
        <Link to="/operations/$id" params={{ id }}>
          operation <ShortId id={id} />
        </Link>
      );
    case 'type':
      return (
        <Link to="/jobs" search={{ type: id }}>
          type {id}
        </Link>
      );
    case 'schedule':
      return (
        <Link to="/schedules" hash={`schedule-${id}`}>
          schedule {id}
        </Link>
      );
    case 'key':
      return (
        <Link to="/keys" hash={`key-${id}`}>
          key {id}
        </Link>
      );
    default:
      return `${kind} ${id}`;
  }
}

function Outcome({ record: { outcome, problem } }: { readonly record: AuditRecord }) {
  if (outcome === 'succeeded') return '● succeeded';
  return (
    <span className="warn">
      {outcome === 'refused' ? '✕' : '?'} {outcome}
      {problem !== undefined && `: ${problem}`}
    </span>
  );
}

function Details({ record: { reason, requestId, details } }: { readonly record: AuditRecord }) {
  return (
    <details>
      <summary>{reason ?? <span className="dim">no reason was given</span>}</summary>
      <JsonTree value={{ requestId, details }} />
    </details>
  );
}
