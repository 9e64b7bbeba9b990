import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { atTime, type JobSearch } from './jobSearch.ts';

/** As in the view of operations: the ids of chosen jobs stand in the address. */
export const MAX_CHOSEN = 200;

interface BulkBarProps {
  readonly filter: JobSearch;
  readonly chosen: ReadonlySet<string>;
  readonly onClear: () => void;
}

const ACTIONS = [
  ['retry', 'Retry…'],
  ['replay', 'Replay…'],
  ['cancel', 'Cancel…'],
] as const;

/** What can be done to the chosen jobs, or to all that match; each first counts what it would change. */
export function BulkBar({ filter, chosen, onClear }: BulkBarProps) {
  const total = useTotal(filter);
  const { sort: _sort, ...matching } = filter;
  const target = chosen.size === 0 ? matching : { ids: [...chosen].join(',') };
  return (
    <div className="bulk-bar" role="region" aria-label="Chosen jobs">
      <span aria-live="polite">
        {chosen.size === 0 ? `${total ?? 'All'} that match` : `${chosen.size.toLocaleString()} chosen`}
        {chosen.size === MAX_CHOSEN && ', which is the most'}
      </span>
      {ACTIONS.map(([kind, name]) => (
        <Link key={kind} className="button" to="/operations/new" search={{ kind, ...target }}>
          {name}
        </Link>
      ))}
      {chosen.size > 0 && (
        <button type="button" className="quiet" onClick={onClear}>
          Choose all {total} that match
        </button>
      )}
    </div>
  );
}

/** The number of jobs of the list; undefined where counting takes too long. */
function useTotal(filter: JobSearch): string | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['jobs total', filter],
    queryFn: ({ signal }) => client.jobs.listPage({ ...atTime(filter, Date.now()), count: true, limit: 1 }, { signal }),
    refetchInterval: 10_000,
  });
  if (data?.total === undefined) return undefined;
  return `${data.totalExact === false ? 'more than ' : ''}${data.total.toLocaleString()}`;
}
