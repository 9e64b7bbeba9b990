import { getRouteApi, Link } from '@tanstack/react-router';
import { ExportIncident } from '../incident/exportIncident.tsx';
import { atTime, type JobSearch } from '../jobs/jobSearch.ts';
import { Causes } from './causes.tsx';
import { DeadLetters } from './deadLetters.tsx';
import { type FailureSearch, windows } from './failureSearch.ts';

const route = getRouteApi('/failures');

/** What has failed: by its causes, or job by job. */
export function FailuresView() {
  const search: FailureSearch = route.useSearch();
  const { show, type } = search;
  return (
    <>
      <div className="title">
        <h1>Failures{type !== undefined && ` of ${type}`}</h1>
        <Parts search={search} />
        <div className="actions controls">
          {show === undefined ? <WindowPicker search={search} /> : <ToChoose search={search} />}
          <ExportIncident select={() => failedJobs(search)} />
        </div>
      </div>
      {show === undefined ? <Causes search={search} /> : <DeadLetters search={search} />}
    </>
  );
}

/** The failed jobs that are shown, by the clock of this moment. */
function failedJobs({ show, type, window = '24h', sort = 'lastFinished' }: FailureSearch): JobSearch {
  const ofType = type === undefined ? {} : { type };
  const which = show === undefined ? { finishedAfter: `-${window}` } : { sort };
  return atTime({ status: 'failed', ...ofType, ...which }, Date.now());
}

function Parts({ search }: { readonly search: FailureSearch }) {
  const { type } = search;
  const ofType = type === undefined ? {} : { type };
  return (
    <nav className="choices" aria-label="Failed jobs">
      <Link to="/failures" search={{ show: undefined, ...ofType }} activeOptions={{ explicitUndefined: true }}>
        By cause
      </Link>
      <Link to="/failures" search={{ show: 'dead-letters', ...ofType }}>
        Dead letters
      </Link>
      {type !== undefined && (
        <Link to="/failures" search={{ ...search, type: undefined }} activeOptions={{ explicitUndefined: true }}>
          all types
        </Link>
      )}
    </nav>
  );
}

function WindowPicker({ search }: { readonly search: FailureSearch }) {
  const { window: chosen = '24h' } = search;
  return (
    <nav className="choices" aria-label="Window">
      {windows.map(([window, name]) => (
        <Link key={window} to="/failures" search={{ ...search, window }} aria-current={window === chosen || undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}

function ToChoose({ search: { type } }: { readonly search: FailureSearch }) {
  return (
    <Link className="button" to="/jobs" search={{ status: 'failed', ...(type === undefined ? {} : { type }) }}>
      In the list, to choose many
    </Link>
  );
}
