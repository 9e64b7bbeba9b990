import type { AuditRecord } from '@jobstream/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatActor } from '../format/actor.ts';
import { useClient } from '../live/dashboardContext.ts';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/jsonTree.tsx';
import { NeedsScope } from '../parts/needsScope.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { useMay } from '../session/session.ts';
import '../styles/administration.css';
import { AuditFilters } from './auditFilters.tsx';
import type { AuditSearch } from './auditSearch.ts';

const route = getRouteApi('/audit');
const PAGE_SIZE = 100;

/** Who changed what over the API, newest first. */
export function AuditView() {
  const search: AuditSearch = route.useSearch();
  if (!useMay('admin')) return <NeedsScope scope="admin" view="Audit log" />;
  return (
    <>
      <h1>Audit log</h1>
      <AuditFilters search={search} />
      <Records search={search} />
    </>
  );
}

function Records({ search }: { readonly search: AuditSearch }) {
  const client = useClient();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam, signal }) =>
      client.audit.listPage(
        { ...search, limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  const records = data.pages.flatMap(({ items }) => items);
  if (records.length === 0) return <NoRecords filtered={Object.keys(search).length > 0} />;
  return (
    <>
      {error !== null && <Failure error={error} />}
      <AuditTable records={records} />
      {hasNextPage && (
        <button type="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show earlier ones
        </button>
      )}
    </>
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

function AuditTable({ records }: { readonly records: readonly AuditRecord[] }) {
  return (
    <div className="scroll">
      <table className="audit">
        <thead>
          <tr>
            <th>Time</th>
            <th>Action</th>
            <th>Subject</th>
            <th>Actor</th>
            <th>Outcome</th>
            <th>Reason and details</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <RecordRow key={record.id} record={record} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RecordRow({ record }: { readonly record: AuditRecord }) {
  const { at, action, subject, actor, tenant } = record;
  return (
    <tr>
      <td>
        <Instant at={at} />
      </td>
      <td>
        <Link to="/audit" search={{ action }}>
          {action}
        </Link>
      </td>
      <td>
        <Subject subject={subject} />
      </td>
      <td>
        <Link to="/audit" search={{ actor: actor.id }}>
          {formatActor(actor)}
        </Link>
        {tenant !== undefined && <span className="dim"> of {tenant}</span>}
      </td>
      <td>
        <Outcome record={record} />
      </td>
      <td>
        <Details record={record} />
      </td>
    </tr>
  );
}

/** What was changed, with the way to it. */
function Subject({ subject: { kind, id } }: Pick<AuditRecord, 'subject'>): ReactNode {
  if (id === undefined) return kind;
  switch (kind) {
    case 'job':
      return (
        <Link to="/jobs/$id" params={{ id }} className="mono">
          {id}
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
      return <Link to="/keys">key {id}</Link>;
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
