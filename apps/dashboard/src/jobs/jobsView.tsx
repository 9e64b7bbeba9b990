import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { AsOfTime } from '../format/useNow.ts';
import { PastSlider } from '../past/pastSlider.tsx';
import { useMay } from '../session/session.ts';
import { BulkBar, MAX_CHOSEN, useListTotal } from './bulkBar.tsx';
import { describe } from './conditions.ts';
import { JobFilters } from './jobFilters.tsx';
import { JobRows } from './jobRows.tsx';
import { conditionsOf, type JobSearch } from './jobSearch.ts';
import { useCounts } from './useCounts.ts';
import { useJobList } from './useJobList.ts';
import type { KeptRows } from './useJobPages.ts';

const route = getRouteApi('/jobs');

/** The jobs of a filter, newest first unless another order is chosen. */
export function JobsView() {
  const filter: JobSearch = route.useSearch();
  return (
    <div className="jobs-view">
      <h1 className="sr-only">Jobs</h1>
      <JobsSlider filter={filter} />
      <AsOfTime value={filter.asOf === undefined ? undefined : Date.parse(filter.asOf)}>
        <JobList key={JSON.stringify(filter)} filter={filter} />
      </AsOfTime>
    </div>
  );
}

/** Moves the list through time. */
function JobsSlider({ filter }: { readonly filter: JobSearch }) {
  const navigate = route.useNavigate();
  const { asOf, ...rest } = filter;
  const move = (to: string | undefined) =>
    void navigate({ search: to === undefined ? rest : { ...rest, asOf: to }, replace: true });
  const counts = useCounts(asOf);
  return <PastSlider asOf={asOf} earliest={counts?.asOf?.earliest ?? counts?.pastFrom} onMove={move} />;
}

function JobList({ filter }: { readonly filter: JobSearch }) {
  const { query, rows, unseen, showUnseen } = useJobList(filter);
  const total = useListTotal(filter);
  // What was cannot be changed.
  const may = useMay('jobs:write') && filter.asOf === undefined;
  const choice = useChoice();
  const isEmpty = rows.jobs.length === 0;
  return (
    <>
      <JobFilters filter={filter} jobs={rows.jobs} />
      {may && !isEmpty && <BulkBar filter={filter} total={total} chosen={choice.chosen} onClear={choice.clear} />}
      {query.isPending && <Loading />}
      {query.isError && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      <Unseen count={unseen} onShow={() => void showUnseen()} />
      {query.isSuccess && <NotShown filter={filter} rows={rows} onMore={() => void query.fetchNextPage()} />}
      {!isEmpty && <JobRows rows={rows} total={total} choice={may ? choice : undefined} />}
    </>
  );
}

/** The rows that are chosen, in the order of the choice. */
function useChoice() {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (ids: readonly string[], isChosen: boolean) => {
    const others = [...chosen].filter((id) => !ids.includes(id));
    setChosen(new Set((isChosen ? [...others, ...ids] : others).slice(0, MAX_CHOSEN)));
  };
  return { chosen, choose, clear: () => setChosen(new Set()) };
}

function Unseen({ count, onShow }: { readonly count: number; readonly onShow: () => void }) {
  return (
    <div className="unseen" aria-live="polite">
      {count > 0 && (
        <button type="button" onClick={onShow}>
          Show {count.toLocaleString()} more {count === 1 ? 'job' : 'jobs'}
        </button>
      )}
    </div>
  );
}

interface NotShownProps {
  readonly filter: JobSearch;
  readonly rows: KeptRows;
  /** Reads on, which nothing else does where a whole page is unknown. */
  readonly onMore: () => void;
}

/** Why there are no rows, or fewer than there were jobs. */
function NotShown({ filter, rows: { jobs, unknown, more }, onMore }: NotShownProps) {
  const isEmpty = jobs.length === 0;
  if (unknown === 0) return isEmpty && <NoJobs filter={filter} />;
  const [are, they] = unknown === 1 ? ['job of this time is', 'it was'] : ['jobs of this time are', 'they were'];
  return (
    <p className="unknown-jobs" role="status">
      {unknown.toLocaleString()} {are} left out: the log has lost the events that say what {they}.
      {isEmpty && more && (
        <button type="button" onClick={onMore}>
          Look further
        </button>
      )}
    </p>
  );
}

function NoJobs({ filter }: { readonly filter: JobSearch }) {
  const conditions = conditionsOf(filter);
  if (filter.asOf !== undefined)
    return <Empty title="There were no such jobs">At this time; those of today may be others.</Empty>;
  if (conditions.length > 0) {
    const query = conditions.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('&');
    return (
      <Empty
        title={`No jobs with ${conditions.map(describe).join(' and ')}`}
        code={`curl '${location.origin}/api/jobs?${query}'`}
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
