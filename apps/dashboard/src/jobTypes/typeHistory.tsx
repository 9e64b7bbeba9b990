import type { Activity, Job, TypeActivity } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ActivityChart } from '../activity/activityChart.tsx';
import { formatDuration } from '../format/duration.ts';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { type Column, DataTable } from '../parts/dataTable.tsx';
import { Fact } from '../parts/fact.tsx';
import { Age } from '../parts/instant.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { ErrorName, JobLink } from '../parts/names.tsx';
import { Status } from '../parts/status.tsx';

const LAST = 10;

interface OfType {
  readonly type: string;
}

/** What happened to the jobs of a type in the last hour: how many ended, how long they waited and ran. */
export function TypeActivityOfHour({ type }: OfType) {
  const client = useClient();
  const query = useQuery({
    queryKey: ['stats', 'hour', type],
    queryFn: ({ signal }) => client.stats({ window: '60m', type, signal }),
    select: ({ activity }) => activity,
    ...readAgain.jobs,
  });
  return <Loaded query={query}>{(activity) => activity && <Hour type={type} activity={activity} />}</Loaded>;
}

function Hour({ type, activity }: OfType & { readonly activity: Activity }) {
  const { total } = activity;
  return (
    <>
      <section>
        <h2>Last hour</h2>
        <HourFacts type={type} total={total} />
      </section>
      {total.completed + total.failed > 0 && <ActivityChart activity={activity} type={type} />}
    </>
  );
}

function HourFacts({ type, total }: OfType & { readonly total: TypeActivity }) {
  const { created, completed, failed, retried, waitTimeMs, runTimeMs } = total;
  return (
    <dl className="facts">
      <Fact name="Created">{created.toLocaleString()}</Fact>
      <Fact name="Completed">
        <Link to="/jobs" search={{ type, status: 'completed', finishedAfter: '-1h' }}>
          {completed.toLocaleString()}
        </Link>
      </Fact>
      <Fact name="Failed">
        <Link to="/failures" search={{ window: '1h', type }} className={failed > 0 ? 'failed' : undefined}>
          {failed.toLocaleString()}
        </Link>
      </Fact>
      <Fact name="Retried">{retried.toLocaleString()}</Fact>
      <Fact name="Ended a minute">{perMinute(completed + failed)}</Fact>
      <Fact name="Wait, p50 and p95">{percentiles(waitTimeMs)}</Fact>
      <Fact name="Run, p50 and p95">{percentiles(runTimeMs)}</Fact>
    </dl>
  );
}

function perMinute(jobs: number): string {
  return (jobs / 60).toLocaleString(undefined, { maximumFractionDigits: 1 });
}

function percentiles(durations: TypeActivity['runTimeMs']): string {
  return durations === undefined ? '–' : `${formatDuration(durations.p50)}, ${formatDuration(durations.p95)}`;
}

/** The newest jobs of a type. */
export function LastJobs({ type }: OfType) {
  const client = useClient();
  const query = useQuery({
    queryKey: ['jobs', 'last', type],
    queryFn: ({ signal }) => client.jobs.listPage({ type, limit: LAST }, { signal }),
    ...readAgain.jobs,
  });
  return (
    <section>
      <h2>Last jobs</h2>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="dim">The table has none.</p>
          ) : (
            <DataTable columns={COLUMNS} rows={items} rowId={({ id }) => `job-${id}`} />
          )
        }
      </Loaded>
      <p className="below-table">
        <Link to="/jobs" search={{ type }}>
          All jobs of {type}
        </Link>
      </p>
    </section>
  );
}

const COLUMNS: readonly Column<Job>[] = [
  { name: 'Status', cell: ({ status }) => <Status status={status} /> },
  { name: 'Job', cell: ({ id }) => <JobLink id={id} /> },
  { name: 'Attempt', kind: 'number', cell: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}` },
  { name: 'Created', cell: ({ createdAt }) => <Age at={createdAt} /> },
  { name: 'Ran for', kind: 'number', cell: ranFor },
  { name: 'Error', cell: ({ type, error }) => (error === undefined ? '–' : <ErrorName type={type} error={error} />) },
];

/** The last attempt, once the job has ended. */
function ranFor({ startedAt, finishedAt }: Job): string {
  if (startedAt === undefined || finishedAt === undefined) return '–';
  return formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
}
