import type { Job } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Status, statuses } from '../parts/status.tsx';
import { describe } from './conditions.ts';
import {
  type Condition,
  conditionsOf,
  type JobSearch,
  unconditional,
  valuesOf,
  withoutCondition,
} from './jobSearch.ts';
import { useCounts } from './useCounts.ts';

/** The list is there before what offers conditions, whose code is large. */
const FilterBar = lazy(async () => ({ default: (await import('./filterBar.tsx')).FilterBar }));

interface JobFiltersProps {
  readonly filter: JobSearch;
  /** Those that are shown, whose tags are offered. */
  readonly jobs: readonly Job[];
}

/** The filters of the list: each status with its number of jobs, all conditions, the order, and what was saved. */
export function JobFilters({ filter, jobs }: JobFiltersProps) {
  const jobCounts = useCounts(filter.asOf)?.jobs;
  const types = Object.keys(jobCounts?.byType ?? {}).toSorted();
  const tags = [...new Set(jobs.flatMap((job) => job.tags))].toSorted();
  return (
    <div className="filters">
      <ByStatus filter={filter} countOf={(status) => jobsIn(jobCounts, filter, status)} />
      <Suspense fallback={<div className="filter-bar" />}>
        <FilterBar filter={filter} types={types} tags={tags} />
      </Suspense>
      <Chips filter={filter} />
    </div>
  );
}

type Counts = {
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byType: Readonly<Record<string, object>>;
};

/** The number of jobs of the chosen types. Undefined until it is known, and with other conditions, by which nothing is counted. */
function jobsIn(counts: Counts | undefined, filter: JobSearch, status: string): number | undefined {
  if (conditionsOf(filter).some(({ name }) => name !== 'status' && name !== 'type')) return undefined;
  const types = valuesOf(filter, 'type');
  if (counts === undefined) return undefined;
  if (types.length === 0) return counts.byStatus[status] ?? 0;
  const byType = counts.byType as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return types.reduce((sum, type) => sum + (byType[type]?.[status] ?? 0), 0);
}

interface ByStatusProps {
  readonly filter: JobSearch;
  readonly countOf: (status: string) => number | undefined;
}

function ByStatus({ filter, countOf }: ByStatusProps) {
  const { status: _status, ...rest } = filter;
  const chosen = valuesOf(filter, 'status');
  return (
    <nav className="by-status" aria-label="Status">
      <Link
        to="/jobs"
        search={rest}
        aria-current={chosen.length === 0 ? 'page' : undefined}
        activeOptions={{ exact: true, explicitUndefined: true }}
      >
        all
      </Link>
      {statuses.map((status) => (
        <Link
          key={status}
          to="/jobs"
          search={{ ...rest, status }}
          aria-current={chosen.includes(status) ? 'page' : undefined}
        >
          <Status status={status} />
          {countOf(status) !== undefined && <span className="count">{countOf(status)?.toLocaleString()}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Every condition, with a link that removes it. */
function Chips({ filter }: { readonly filter: JobSearch }) {
  const conditions = conditionsOf(filter);
  if (conditions.length === 0) return null;
  return (
    <ul className="chips" aria-label="Filters">
      {conditions.map((condition) => (
        <Chip key={`${condition.name} ${condition.value}`} filter={filter} condition={condition} />
      ))}
      {conditions.length > 1 && (
        <li>
          <Link to="/jobs" search={unconditional(filter)}>
            Remove all
          </Link>
        </li>
      )}
    </ul>
  );
}

function Chip({ filter, condition }: { readonly filter: JobSearch; readonly condition: Condition }) {
  const text = describe(condition);
  return (
    <li className="chip">
      {text}
      <Link to="/jobs" search={withoutCondition(filter, condition)} aria-label={`Remove ${text}`}>
        ✕
      </Link>
    </li>
  );
}
