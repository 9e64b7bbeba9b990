import type { Job } from '@jobstream/client';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { useMay } from '../session/session.ts';

const route = getRouteApi('/dead-letters');
const PAGE_SIZE = 50;

/** The jobs that have failed for good, newest first, each with the way to mend it. */
export function DeadLettersView() {
  const { type } = route.useSearch();
  const client = useClient();
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['dead letters', type ?? ''],
    queryFn: ({ pageParam, signal }) =>
      client.jobs.listPage(
        {
          status: 'failed',
          limit: PAGE_SIZE,
          ...(type === undefined ? {} : { type }),
          ...(pageParam === undefined ? {} : { cursor: pageParam }),
        },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: 10_000,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  const jobs = data.pages.flatMap(({ items }) => items);
  return (
    <>
      <Title type={type} />
      {error !== null && <Failure error={error} />}
      {jobs.length === 0 ? <NoDeadLetters /> : <DeadLetterTable jobs={jobs} />}
      {hasNextPage && (
        <button type="button" className="more" onClick={() => void fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}

function Title({ type }: { readonly type: string | undefined }) {
  return (
    <div className="dead-letters-title">
      <h1>Dead letters{type !== undefined && ` of ${type}`}</h1>
      <nav className="choices" aria-label="Other views of failed jobs">
        {type !== undefined && <Link to="/dead-letters">all types</Link>}
        <Link to="/failures" search={type === undefined ? {} : { type }}>
          In groups
        </Link>
        <Link to="/jobs" search={{ status: 'failed', ...(type === undefined ? {} : { type }) }}>
          In the list, to choose many
        </Link>
      </nav>
    </div>
  );
}

function NoDeadLetters() {
  return (
    <Empty title="No job has failed for good" code="throw new UnrecoverableError('no such customer');">
      A job comes here when all its attempts have failed, or at once when its handler says that no other attempt can
      succeed:
    </Empty>
  );
}

function DeadLetterTable({ jobs }: { readonly jobs: readonly Job[] }) {
  const may = useMay('jobs:write');
  return (
    <div className="scroll">
      <table className="dead-letters">
        <thead>
          <tr>
            <th>Job</th>
            <th>Type</th>
            <th>Error</th>
            <th className="number">Attempts</th>
            <th>Failed</th>
            {may && (
              <th>
                <span className="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <DeadLetter key={job.id} job={job} may={may} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function DeadLetter({ job, may }: { readonly job: Job; readonly may: boolean }) {
  const { id, type, error, attempt, finishedAt, updatedAt } = job;
  return (
    <tr>
      <td>
        <Link to="/jobs/$id" params={{ id }} className="mono">
          {id}
        </Link>
      </td>
      <td>
        <Link to="/dead-letters" search={{ type }}>
          {type}
        </Link>
      </td>
      <td className="why">
        <strong>{error?.name}</strong> {error?.message}
      </td>
      <td className="number">{attempt}</td>
      <td>
        <Age at={finishedAt ?? updatedAt} />
      </td>
      {may && (
        <td className="number">
          <Link className="button" to="/jobs/$id/edit" params={{ id }}>
            Edit and retry<span className="sr-only"> job {id}</span>
          </Link>
        </td>
      )}
    </tr>
  );
}
