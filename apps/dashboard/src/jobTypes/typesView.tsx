import type { JobType } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useClient } from '../live/dashboardContext.ts';
import { Age, Instant } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { ReasonlessButton } from '../parts/reasonlessButton.tsx';
import { useMay } from '../session/session.ts';

/** The job types: what waits, who runs it, and whether it is paused. */
export function TypesView() {
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['types'],
    queryFn: ({ signal }) => client.types.list({ signal }),
    refetchInterval: 3_000,
  });
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <h1>Job types</h1>
      {error !== null && <Failure error={error} />}
      {data.length === 0 ? <NoTypes /> : <TypeTable types={data} />}
    </>
  );
}

function NoTypes() {
  return (
    <Empty title="No job types yet" code="npx jobstream dev --handlers handlers.js">
      A type appears here when a worker announces a handler for it, or when it has jobs:
    </Empty>
  );
}

function TypeTable({ types }: { readonly types: readonly JobType[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th>Type</th>
            <th>State</th>
            <th className="number">Waiting</th>
            <th className="number">Oldest waits since</th>
            <th className="number">With workers</th>
            <th className="number">Workers</th>
            <th>Limits of each</th>
            <th>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {types.map((type) => (
            <TypeRow key={type.type} type={type} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TypeRow({ type: one }: { readonly type: JobType }) {
  const { type, backlog, inFlight, waitingSince, limits, workers } = one;
  return (
    <tr>
      <td>
        <Link to="/jobs" search={{ type }}>
          {type}
        </Link>
      </td>
      <td>
        <State type={one} />
      </td>
      <td className="number">{backlog.toLocaleString()}</td>
      <td className="number">{waitingSince === undefined ? '–' : <Age at={waitingSince} />}</td>
      <td className="number">{inFlight.toLocaleString()}</td>
      <td className="number">{workers.length}</td>
      <td>
        {[limits?.concurrency === undefined ? [] : `${limits.concurrency} at once`, limits?.rate ?? []]
          .flat()
          .join(', ') || '–'}
      </td>
      <td className="number">
        <PauseButton type={one} />
      </td>
    </tr>
  );
}

function State({ type: { paused, until, workers, backlog } }: { readonly type: JobType }) {
  if (paused) {
    return (
      <span className="warn">
        ‖ paused
        {until === undefined ? (
          ''
        ) : (
          <>
            {' '}
            until <Instant at={until} />
          </>
        )}
      </span>
    );
  }
  if (workers.length === 0) return <span className={backlog > 0 ? 'warn' : 'dim'}>○ no worker</span>;
  return <span>● active</span>;
}

function PauseButton({ type: { type, paused } }: { readonly type: JobType }) {
  const client = useClient();
  const queryClient = useQueryClient();
  if (!useMay('admin')) return null;
  const change = async () => {
    await (paused ? client.types.resume(type) : client.types.pause(type));
    await queryClient.invalidateQueries({ queryKey: ['types'] });
  };
  return <ReasonlessButton label={paused ? 'Resume' : 'Pause'} of={type} onPress={change} />;
}
