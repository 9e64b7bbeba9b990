import type { JobStatus } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { planOf } from './operationSearch.ts';
import { atTime, type JobSearch, valuesOf } from './jobSearch.ts';

/** As in the view of operations: the ids of chosen jobs stand in the address. */
export const MAX_CHOSEN = 200;

interface BulkBarProps {
  readonly filter: JobSearch;
  readonly total: ListTotal | undefined;
  readonly chosen: ReadonlySet<string>;
  readonly onClear: () => void;
}

/** Each with the statuses of the jobs that it takes. */
const ACTIONS = [
  ['retry', 'Retry…', ['failed', 'cancelled']],
  ['replay', 'Replay…', ['completed', 'failed', 'cancelled']],
  ['cancel', 'Cancel…', ['scheduled', 'pending', 'processing', 'waiting', 'retrying']],
] as const satisfies readonly (readonly [string, string, readonly JobStatus[]])[];

/** What can be done to the chosen jobs, or to all that match; each first counts what it would change. */
export function BulkBar({ filter, total, chosen, onClear }: BulkBarProps) {
  const all = total && textOf(total);
  const { sort: _sort, ...matching } = filter;
  const statuses = valuesOf(filter, 'status');
  const possible = ACTIONS.filter(
    ([, , takes]) => statuses.length === 0 || takes.some((one) => statuses.includes(one)),
  );
  const target = chosen.size === 0 ? matching : { ids: [...chosen].join(',') };
  return (
    <div className={chosen.size === 0 ? 'bulk-bar' : 'bulk-bar chosen'} role="region" aria-label="Chosen jobs">
      <span aria-live="polite">
        {chosen.size === 0 ? `${all ?? 'All'} that match` : `${chosen.size.toLocaleString()} chosen`}
        {chosen.size === MAX_CHOSEN && ', which is the most'}
      </span>
      {possible.map(([kind, name]) => (
        <Link key={kind} className="button" {...planOf({ kind, ...target })}>
          {name}
        </Link>
      ))}
      <CompareLink chosen={[...chosen]} />
      {chosen.size > 0 && (
        <button type="button" className="quiet" onClick={onClear}>
          Choose all {all} that match
        </button>
      )}
    </div>
  );
}

/** Two jobs that are chosen can be compared. */
function CompareLink({ chosen: [id, other, ...others] }: { readonly chosen: readonly string[] }) {
  if (id === undefined || other === undefined || others.length > 0) return null;
  return (
    <Link className="button" to="/jobs/$id/compare/$other" params={{ id, other }}>
      Compare
    </Link>
  );
}

/** The number of jobs of a list. */
export interface ListTotal {
  readonly count: number;
  /** Whether there may be more, since counting takes too long. */
  readonly more: boolean;
}

/** Returns it once it is known; of the past it is not asked for. */
export function useListTotal(filter: JobSearch): ListTotal | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['jobs total', filter],
    queryFn: ({ signal }) => client.jobs.listPage({ ...atTime(filter, Date.now()), count: true, limit: 1 }, { signal }),
    ...readAgain.slowly,
    enabled: filter.asOf === undefined,
  });
  return data?.total === undefined ? undefined : { count: data.total, more: data.totalExact === false };
}

function textOf({ count, more }: ListTotal): string {
  return `${more ? 'more than ' : ''}${count.toLocaleString()}`;
}
