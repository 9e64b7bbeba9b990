import { getRouteApi } from '@tanstack/react-router';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { JobFilters } from './jobFilters.tsx';
import { JobRows } from './jobRows.tsx';
import type { JobSearch } from './jobSearch.ts';
import { useJobList } from './useJobList.ts';

const route = getRouteApi('/jobs');

/** The jobs of a filter, newest first. */
export function JobsView() {
  const filter: JobSearch = route.useSearch();
  return (
    <div className="jobs-view">
      <h1 className="sr-only">Jobs</h1>
      <JobFilters filter={filter} />
      <JobList key={JSON.stringify(filter)} filter={filter} />
    </div>
  );
}

function JobList({ filter }: { readonly filter: JobSearch }) {
  const { query, jobs, unseen, showUnseen } = useJobList(filter);
  if (query.isPending) return <Loading />;
  if (query.isError && jobs.length === 0) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <>
      <div className="unseen" aria-live="polite">
        {unseen > 0 && (
          <button type="button" onClick={() => void showUnseen()}>
            Show {unseen.toLocaleString()} more {unseen === 1 ? 'job' : 'jobs'}
          </button>
        )}
      </div>
      {jobs.length === 0 ? (
        <NoJobs filter={filter} />
      ) : (
        <JobRows jobs={jobs} more={query.hasNextPage} onEnd={() => void query.fetchNextPage()} />
      )}
    </>
  );
}

function NoJobs({ filter }: { readonly filter: JobSearch }) {
  const conditions = Object.entries(filter).map(([name, value]) => `${name}=${value}`);
  if (conditions.length > 0) {
    return (
      <Empty
        title={`No jobs with ${conditions.join(' and ')}`}
        code={`curl '${location.origin}/api/jobs?${conditions.join('&')}'`}
      >
        Those that come will be offered here. The same from a terminal:
      </Empty>
    );
  }
  const body = JSON.stringify({ type: 'email', payload: { to: 'user@example.com' } });
  return (
    <Empty
      title="No jobs yet"
      code={`curl -X POST ${location.origin}/api/jobs -H 'content-type: application/json' -d '${body}'`}
    >
      Create the first one:
    </Empty>
  );
}
