import type { Schedule } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import type { Column } from '../parts/dataTable.tsx';
import { Age, Instant } from '../parts/instant.tsx';
import { ListView } from '../parts/listView.tsx';
import { TypeLink } from '../parts/names.tsx';
import { Empty } from '../parts/notes.tsx';
import { ScheduleActions } from './scheduleActions.tsx';

const FIRST_SCHEDULE = `curl -X POST ${location.origin}/api/schedules -H 'content-type: application/json' \\
  -d '{"name":"nightly","cron":"0 3 * * *","job":{"type":"report"}}'`;

/** The schedules: when they were due, and when they will be. */
export function SchedulesView() {
  const client = useClient();
  const query = useQuery({
    queryKey: ['schedules'],
    queryFn: ({ signal }) => Array.fromAsync(client.schedules.list({ signal })),
    ...readAgain.system,
  });
  return <ListView title="Schedules" query={query} empty={NO_SCHEDULES} columns={COLUMNS} rowId={rowId} />;
}

function rowId({ name }: Schedule): string {
  return `schedule-${name}`;
}

const NO_SCHEDULES = (
  <Empty title="No schedules yet" code={FIRST_SCHEDULE}>
    A schedule creates a job at the times of a cron expression. Create one:
  </Empty>
);

const COLUMNS: readonly Column<Schedule>[] = [
  { name: 'Schedule', cell: ({ name }) => name },
  { name: 'State', cell: ({ enabled }) => (enabled ? '● enabled' : <span className="warn">‖ disabled</span>) },
  { name: 'Cron', cell: ({ cron, timeZone }) => [<code key="cron">{cron}</code>, ` ${timeZone}`] },
  { name: 'Job type', cell: ({ job: { type } }) => <TypeLink type={type} /> },
  { name: 'Last tick', cell: ({ lastTick }) => <LastTick tick={lastTick} /> },
  { name: 'Next ticks', cell: ({ nextTicks }) => <NextTicks ticks={nextTicks} /> },
  { name: 'Actions', kind: 'actions', cell: (schedule) => <ScheduleActions schedule={schedule} /> },
];

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
