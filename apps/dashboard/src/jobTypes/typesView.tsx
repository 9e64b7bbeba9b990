import type { JobType } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { Age } from '../parts/instant.tsx';
import { Empty, Failure, Loading } from '../parts/notes.tsx';
import { PauseAll, PauseType } from './pauseType.tsx';
import { TypeState } from './typeState.tsx';
import { useTypes } from './useTypes.ts';

/** The job types: what waits, who runs it, and whether it is paused. */
export function TypesView() {
  const { data, error, refetch } = useTypes();
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <div className="title">
        <h1>Job types</h1>
        <PauseAll types={data} />
      </div>
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
        <Link to="/types/$type" params={{ type }}>
          {type}
        </Link>
      </td>
      <td>
        <TypeState type={one} />
      </td>
      <td className="number">
        <Link to="/jobs" search={{ type, status: 'pending' }}>
          {backlog.toLocaleString()}
        </Link>
      </td>
      <td className="number">{waitingSince === undefined ? '–' : <Age at={waitingSince} />}</td>
      <td className="number">
        <Link to="/jobs" search={{ type, status: 'processing' }}>
          {inFlight.toLocaleString()}
        </Link>
      </td>
      <td className="number">{workers.length}</td>
      <td>
        {[limits?.concurrency === undefined ? [] : `${limits.concurrency} at once`, limits?.rate ?? []]
          .flat()
          .join(', ') || '–'}
      </td>
      <td className="number">
        <PauseType type={one} />
      </td>
    </tr>
  );
}
