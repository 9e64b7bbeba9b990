import type { FailureGroup, Failures } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { planOf } from '../jobs/operationSearch.ts';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { Age } from '../parts/instant.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { ErrorName } from '../parts/names.tsx';
import { Empty } from '../parts/notes.tsx';
import { useTarget } from '../parts/useTarget.ts';
import { useMay } from '../session/session.ts';
import { FailureChart } from './failureChart.tsx';
import type { FailureSearch } from './failureSearch.ts';
import { SharedTraits } from './sharedTraits.tsx';

/** The failed jobs of a window in groups, the largest first: what is broken, since when, and how to mend it. */
export function Causes({ search }: { readonly search: FailureSearch }) {
  const { window: within = '24h', type } = search;
  const client = useClient();
  const query = useQuery({
    queryKey: ['failures', within, type ?? ''],
    queryFn: ({ signal }) => client.failures({ window: within, ...(type === undefined ? {} : { type }) }, { signal }),
    ...readAgain.jobs,
  });
  return <Loaded query={query}>{(failures) => <Groups failures={failures} search={search} />}</Loaded>;
}

function Groups({ failures, search }: { readonly failures: Failures; readonly search: FailureSearch }) {
  const { items, total, totalExact, ungrouped } = failures;
  if (total === 0) return <NoFailures window={search.window ?? '24h'} />;
  return (
    <>
      <p className="dim">
        {totalExact ? '' : 'More than '}
        {total.toLocaleString()} {total === 1 ? 'job has' : 'jobs have'} failed, in {items.length.toLocaleString()}{' '}
        {items.length === 1 ? 'group' : 'groups'}. What is retried leaves its group.
        {ungrouped > 0 &&
          ` ${ungrouped.toLocaleString()} of an earlier release have no group until the table is rebuilt.`}
      </p>
      <ol className="failure-groups">
        {items.map((group, index) => (
          <Group key={group.id} group={group} rank={index} failures={failures} window={search.window ?? '24h'} />
        ))}
      </ol>
    </>
  );
}

function NoFailures({ window }: { readonly window: string }) {
  return (
    <Empty title="Nothing has failed" code={`curl '${location.origin}/api/failures?window=${window}'`}>
      Jobs that failed in this window and were not retried since are grouped here by what is alike of their error. The
      same from a terminal:
    </Empty>
  );
}

/** So many of the largest groups are compared with other jobs without being asked. */
const COMPARED = 3;

interface GroupProps {
  readonly group: FailureGroup;
  /** 0 for the largest. */
  readonly rank: number;
  readonly failures: Failures;
  readonly window: string;
}

function Group({ group, rank, failures, window }: GroupProps) {
  const { id, type, code, message, count, firstAt, lastAt } = group;
  const jobs = { failure: id, finishedAfter: `-${window}` };
  const target = useTarget();
  return (
    <li className="failure-group" {...target(id)}>
      <div className="what">
        <h2>
          <Link to="/failures" search={{ window, type }}>
            {type}
          </Link>{' '}
          <span className="failed-name">
            <ErrorName type={type} error={group} />
          </span>{' '}
          {code !== undefined && <code>{code}</code>}
        </h2>
        <p className="mono">{message}</p>
        <p className="dim">
          first <Age at={firstAt} />, last <Age at={lastAt} />
        </p>
      </div>
      <FailureChart group={group} failures={failures} />
      <Link className="count" to="/jobs" search={jobs}>
        {count.toLocaleString()} {count === 1 ? 'job' : 'jobs'}
      </Link>
      <Mending group={group} window={window} />
      <SharedTraits group={group} window={window} startsOpen={rank < COMPARED} />
    </li>
  );
}

function Mending({ group: { id, name, lastJob }, window }: Pick<GroupProps, 'group' | 'window'>) {
  const jobs = { failure: id, finishedAfter: `-${window}` };
  if (!useMay('jobs:write')) {
    return (
      <Link to="/jobs/$id" params={{ id: lastJob }}>
        Last job
      </Link>
    );
  }
  return (
    <div className="actions">
      <Link className="button" to="/jobs/$id/edit" params={{ id: lastJob }} search={jobs}>
        Edit and retry one<span className="sr-only"> of {name}</span>
      </Link>
      <Link className="button" {...planOf({ kind: 'retry', ...jobs })}>
        Retry all…<span className="sr-only"> of {name}</span>
      </Link>
    </div>
  );
}
