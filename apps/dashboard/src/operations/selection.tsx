import type { OperationCount } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { describe } from '../jobs/conditions.ts';
import { conditionsOf, type JobSearch, withCondition } from '../jobs/jobSearch.ts';
import { TypeLink } from '../parts/names.tsx';
import { Status } from '../parts/status.tsx';
import type { OperationSearch } from '../jobs/operationSearch.ts';

/** An operation takes no more. */
const MOST = 100_000;

interface SelectionProps {
  readonly search: OperationSearch;
  readonly count: OperationCount;
}

/** The jobs of an operation that has not begun: by which conditions, how many, and of which types and statuses. */
export function Selection({ search, count }: SelectionProps) {
  const { kind: _kind, patch: _patch, edits: _edits, ids, ...filter } = search;
  return (
    <section className="selection" aria-label="Jobs">
      <p>
        {ids !== undefined && `${ids.split(',').length} chosen jobs`}
        {ids === undefined && <Conditions filter={filter} />}{' '}
        {ids === undefined && (
          <Link to="/jobs" search={filter}>
            Show or narrow them
          </Link>
        )}
      </p>
      {count.matched === 0 ? <NoneMatch search={search} /> : <Counts count={count} />}
      {count.matched >= MOST && (
        <p className="warn">An operation takes at most {MOST.toLocaleString()} jobs: narrow the conditions.</p>
      )}
    </section>
  );
}

/** The conditions of an operation, each with the way to the jobs that meet it alone. */
export function Conditions({ filter }: { readonly filter: JobSearch }) {
  const conditions = conditionsOf(filter);
  if (conditions.length === 0) return <strong>All jobs</strong>;
  return (
    <span className="chips">
      {conditions.map((condition) => (
        <Link
          key={`${condition.name} ${condition.value}`}
          className="chip"
          to="/jobs"
          search={withCondition({}, condition)}
        >
          {describe(condition)}
        </Link>
      ))}
    </span>
  );
}

const TAKES = {
  retry: 'failed jobs, and cancelled ones if the status says so',
  replay: 'jobs that have ended',
  cancel: 'jobs that have not ended',
} as const;

function NoneMatch({ search: { kind } }: { readonly search: OperationSearch }) {
  return (
    <p>
      <strong>No job matches now.</strong> <span className="dim">This takes {TAKES[kind]}.</span>
    </p>
  );
}

function Counts({ count: { groups, matched } }: { readonly count: OperationCount }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Type</th>
          <th>Status</th>
          <th className="number">Jobs</th>
        </tr>
      </thead>
      <tbody>
        {groups.map(({ type, status, count }) => (
          <tr key={`${type} ${status}`}>
            <td>
              <TypeLink type={type} />
            </td>
            <td>
              <Status status={status} />
            </td>
            <td className="number">{count.toLocaleString()}</td>
          </tr>
        ))}
      </tbody>
      {groups.length > 1 && (
        <tfoot>
          <tr>
            <td colSpan={2}>Together</td>
            <td className="number">{matched.toLocaleString()}</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
