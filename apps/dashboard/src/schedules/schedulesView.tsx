import type { Schedule } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age, Instant } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { ScheduleActions } from './scheduleActions.tsx';

const FIRST_SCHEDULE = `curl -X POST ${location.origin}/api/schedules -H 'content-type: application/json' \\
  -d '{"name":"nightly","cron":"0 3 * * *","job":{"type":"report"}}'`;

/** The schedules: when they were due, and when they will be. */
export function SchedulesView() {
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['schedules'],
    queryFn: ({ signal }) => Array.fromAsync(client.schedules.list({ signal })),
    refetchInterval: 5_000,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <h1>Schedules</h1>
      {error !== null && <Failure error={error} />}
      {data.length === 0 ? <NoSchedules /> : <ScheduleTable schedules={data} />}
    </>
  );
}

function NoSchedules() {
  return (
    <Empty title="No schedules yet" code={FIRST_SCHEDULE}>
      A schedule creates a job at the times of a cron expression. Create one:
    </Empty>
  );
}

function ScheduleTable({ schedules }: { readonly schedules: readonly Schedule[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>Schedule</th>
            <th>State</th>
            <th>Cron</th>
            <th>Job type</th>
            <th>Last tick</th>
            <th>Next ticks</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {schedules.map((schedule) => (
            <ScheduleRow key={schedule.name} schedule={schedule} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ScheduleRow({ schedule }: { readonly schedule: Schedule }) {
  const { name, enabled, cron, timeZone, job, nextTicks } = schedule;
  return (
    <tr id={`schedule-${name}`}>
      <td>{name}</td>
      <td>{enabled ? '● enabled' : <span className="warn">‖ disabled</span>}</td>
      <td>
        <code>{cron}</code> {timeZone}
      </td>
      <td>
        <Link to="/jobs" search={{ type: job.type }}>
          {job.type}
        </Link>
      </td>
      <td>
        <LastTick tick={schedule.lastTick} />
      </td>
      <td>
        <NextTicks ticks={nextTicks} />
      </td>
      <td className="number">
        <ScheduleActions schedule={schedule} />
      </td>
    </tr>
  );
}

function NextTicks({ ticks: [next, ...later] }: { readonly ticks: readonly string[] }) {
  if (next === undefined) return '–';
  return (
    <details>
      <summary>
        <Instant at={next} />{' '}
        <span className="dim">
          (<Age at={next} />)
        </span>
      </summary>
      {later.map((tick) => (
        <div key={tick}>
          <Instant at={tick} />
        </div>
      ))}
    </details>
  );
}

function LastTick({ tick }: { readonly tick: Schedule['lastTick'] }) {
  if (tick === undefined) return '–';
  const [id] = tick.jobIds;
  const time = <Instant at={tick.tickAt} />;
  return (
    <>
      {id === undefined ? (
        time
      ) : (
        <Link to="/jobs/$id" params={{ id }}>
          {time}
        </Link>
      )}
      {tick.skipped > 0 && <span className="warn">, {tick.skipped} missed</span>}
    </>
  );
}
