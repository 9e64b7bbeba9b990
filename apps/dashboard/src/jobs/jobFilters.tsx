import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type SubmitEvent } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { Status, statuses } from '../parts/status.tsx';
import type { JobSearch } from './jobSearch.ts';

/** The filters of the list: each status with its number of jobs, the type, a tag. */
export function JobFilters({ filter }: { readonly filter: JobSearch }) {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['stats'],
    queryFn: ({ signal }) => client.stats({ signal }),
    refetchInterval: 3_000,
  });
  const { type } = filter;
  const counts = type === undefined ? data?.jobs.byStatus : data?.jobs.byType[type];
  const types = [
    ...new Set([...Object.keys(data?.jobs.byType ?? {}), ...(type === undefined ? [] : [type])]),
  ].toSorted();
  const { status: _status, ...rest } = filter;
  return (
    <div className="filters">
      <nav className="by-status" aria-label="Status">
        <Link
          to="/jobs"
          search={rest}
          activeOptions={{ exact: true, explicitUndefined: true }}
          aria-current={filter.status === undefined ? 'page' : undefined}
        >
          all
        </Link>
        {statuses.map((status) => (
          <Link
            key={status}
            to="/jobs"
            search={{ ...rest, status }}
            aria-current={filter.status === status ? 'page' : undefined}
          >
            <Status status={status} />
            <span className="count">{(counts?.[status] ?? 0).toLocaleString()}</span>
          </Link>
        ))}
      </nav>
      <TypeAndTag filter={filter} types={types} />
    </div>
  );
}

function TypeAndTag({ filter, types }: { readonly filter: JobSearch; readonly types: readonly string[] }) {
  const navigate = useNavigate();
  const { type: _type, tag: _tag, ...status } = filter;
  const show = (form: HTMLFormElement) => {
    const fields = [...new FormData(form)].filter(([, value]) => value !== '');
    void navigate({ to: '/jobs', search: { ...status, ...(Object.fromEntries(fields) as JobSearch) } });
  };
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    show(event.currentTarget);
  };
  return (
    <form
      className="type-and-tag"
      onSubmit={submit}
      onChange={({ currentTarget, target }) => target instanceof HTMLSelectElement && show(currentTarget)}
    >
      <label>
        Type
        <select name="type" defaultValue={filter.type ?? ''} key={`${filter.type} ${types.length}`}>
          <option value="">all</option>
          {types.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label>
        Tag
        <input name="tag" defaultValue={filter.tag ?? ''} key={filter.tag} maxLength={128} autoComplete="off" />
      </label>
    </form>
  );
}
