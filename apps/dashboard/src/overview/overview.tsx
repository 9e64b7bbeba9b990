import type { Activity, Stats } from '@jobstream/client';
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { formatDuration } from '../format/duration.ts';
import { AsOfTime } from '../format/useNow.ts';
import { PastSlider } from '../past/pastSlider.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Empty } from '../parts/notes.tsx';
import { Status, statuses } from '../parts/status.tsx';
import { useSession } from '../session/session.ts';
import { useWorkers } from '../workers/useWorkers.ts';
import { ActivityChart } from '../activity/activityChart.tsx';
import { Backlog } from './backlog.tsx';
import { Figure } from './figure.tsx';
import { LargestFailures } from './largestFailures.tsx';
import { PastOverview } from './pastOverview.tsx';
import { PausedTypes } from './pausedTypes.tsx';
import { SystemFigures } from './systemFigures.tsx';

const FIRST_JOB = `curl -X POST ${location.origin}/api/jobs -H 'content-type: application/json' \\
  -d '{"type":"email","payload":{"to":"user@example.com"}}'`;

const route = getRouteApi('/');

/** Whether work flows: what waits and for how long, what happened in the last hour, who works; or what was at a time. */
export function Overview() {
  const { asOf } = route.useSearch();
  const navigate = route.useNavigate();
  const [present, past] = [usePresent(asOf === undefined), usePast(asOf)];
  const move = (to: string | undefined) =>
    void navigate({ search: to === undefined ? {} : { asOf: to }, replace: true, resetScroll: false });
  return (
    <>
      <h1 className="sr-only">Overview</h1>
      <PastSlider asOf={asOf} earliest={past.data?.asOf?.earliest ?? present.data?.pastFrom} onMove={move} />
      {asOf === undefined ? (
        <Loaded query={present}>{(stats) => <Present stats={stats} />}</Loaded>
      ) : (
        <AsOfTime value={Date.parse(asOf)}>
          <Loaded query={past}>{(stats) => <PastOverview stats={stats} asOf={asOf} />}</Loaded>
        </AsOfTime>
      )}
    </>
  );
}

function usePresent(enabled: boolean) {
  const client = useClient();
  return useQuery({
    queryKey: ['stats', 'hour'],
    queryFn: ({ signal }) => client.stats({ window: '60m', signal }),
    ...readAgain.jobs,
    enabled,
  });
}

function usePast(asOf: string | undefined) {
  const client = useClient();
  return useQuery({
    queryKey: ['stats', 'past', asOf],
    queryFn: asOf === undefined ? skipToken : ({ signal }) => client.stats({ asOf, signal }),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
}

function Present({ stats }: { readonly stats: Stats }) {
  return (
    <>
      <Figures stats={stats} />
      {stats.jobs.total === 0 && <NoJobs />}
      <ByStatus stats={stats} />
      <Attention />
      {stats.activity !== undefined && <ActivityChart activity={stats.activity} />}
      <Backlog stats={stats} />
    </>
  );
}

/** What somebody should look at: what fails, and what is paused. Types are those of all tenants. */
function Attention() {
  const { tenant } = useSession();
  return (
    <div className="attention">
      <LargestFailures />
      {tenant === undefined && <PausedTypes />}
    </div>
  );
}

function NoJobs() {
  return (
    <Empty title="No jobs yet" code={FIRST_JOB}>
      Create the first one, and watch it here:
    </Empty>
  );
}

/** The figures of the first row, in the order in which they are asked for at night. */
function Figures({ stats: { activity, backlog, projector } }: { readonly stats: Stats }) {
  return (
    <dl className="figures">
      {backlog && <PendingFigures backlog={backlog} />}
      {activity && <HourFigures total={activity.total} />}
      {projector && <Figure name="Table behind the log" value={lagOf(projector)} to="/jobs" />}
      <SystemFigures />
    </dl>
  );
}

function PendingFigures({ backlog }: { readonly backlog: NonNullable<Stats['backlog']> }) {
  const types = Object.values(backlog);
  const waiting = types.reduce((sum, type) => sum + type.waiting, 0);
  const oldest = Math.max(0, ...types.map(({ oldestAgeMs = 0 }) => oldestAgeMs));
  return (
    <>
      <Figure name="Pending" value={waiting} to="/jobs" search={{ status: 'pending' }} />
      <Figure name="Oldest waits" value={oldest === 0 ? '–' : formatDuration(oldest)} to="/types" />
      <LiveWorkers />
    </>
  );
}

function LiveWorkers() {
  const { data } = useWorkers();
  return <Figure name="Live workers" value={data?.filter(({ live }) => live).length ?? '–'} to="/workers" />;
}

function HourFigures({ total }: { readonly total: Activity['total'] }) {
  const { completed, failed, waitTimeMs, runTimeMs } = total;
  const tone = failed > 0 ? 'failed' : undefined;
  return (
    <>
      <Figure name="Completed in 1 h" value={completed} to="/jobs" search={{ status: 'completed' }} />
      <Figure name="Failed in 1 h" value={failed} tone={tone} to="/failures" search={{ window: '1h' }} />
      <Figure name="Wait, p95" value={duration(waitTimeMs?.p95)} to="/types" />
      <Figure name="Run, p95" value={duration(runTimeMs?.p95)} to="/jobs" search={{ status: 'completed' }} />
    </>
  );
}

function duration(ms: number | undefined): string {
  return ms === undefined ? '–' : formatDuration(ms);
}

function lagOf({ lagEvents, lagMs }: NonNullable<Stats['projector']>): string {
  if (lagEvents === null) return 'unknown';
  const events = lagEvents === 1 ? '1 event' : `${lagEvents.toLocaleString()} events`;
  return lagEvents === 0 || lagMs === null ? events : `${events}, ${formatDuration(lagMs)}`;
}

function ByStatus({ stats: { jobs } }: { readonly stats: Stats }) {
  return (
    <nav className="by-status" aria-label="Jobs by status">
      {statuses.map((status) => (
        <Link key={status} to="/jobs" search={{ status }}>
          <Status status={status} />
          <span className="count">{(jobs.byStatus[status] ?? 0).toLocaleString()}</span>
        </Link>
      ))}
    </nav>
  );
}
