import { hasEnded, type Job, type JobEvent } from '@jobstream/client';
import { getRouteApi } from '@tanstack/react-router';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import '../styles/jobPage.css';
import { AttemptLogs } from './attemptLogs.tsx';
import { Causes } from './causes/causes.tsx';
import { EventSlider } from './eventSlider.tsx';
import { JobActions } from './jobActions.tsx';
import { JobErrorOf } from './jobError.tsx';
import { JobHeader } from './jobHeader.tsx';
import { JobHistory } from './jobHistory.tsx';
import type { JobPageSearch } from './jobPageSearch.ts';
import { Steps } from './steps/steps.tsx';
import { Timeline } from './timeline/timeline.tsx';
import { useJob, usePastJob } from './useJob.ts';
import { WhyItWaits } from './whyItWaits.tsx';

const route = getRouteApi('/jobs/$id');

/** One job: what it is and why, how its attempts went, every event, what it was given and what it gave. */
export function JobView() {
  const { id } = route.useParams();
  const { at } = route.useSearch();
  const { job, history } = useJob(id);
  const { event, past } = usePastJob(id, history.data, at);
  const error = job.error ?? history.error ?? past.error;
  if (job.data === undefined) {
    return (
      <>
        <h1 className="sr-only">Job {id}</h1>
        {error === null ? <Loading /> : <Failure error={error} onRetry={() => void job.refetch()} />}
      </>
    );
  }
  const shown = past.data ?? job.data;
  return (
    <article className="job">
      {event === undefined ? <Present job={job.data} /> : <PastOf job={shown} event={event} />}
      {error !== null && <Failure error={error} />}
      <JobErrorOf job={shown} />
      {history.data === undefined ? <Contents job={shown} /> : <History job={shown} events={history.data} />}
    </article>
  );
}

function Present({ job }: { readonly job: Job }) {
  return (
    <>
      <JobHeader job={job}>
        <JobActions job={job} />
      </JobHeader>
      <WhyItWaits job={job} />
    </>
  );
}

/** The job as it was: nothing can be done about it. */
function PastOf({ job, event }: { readonly job: Job; readonly event: JobEvent }) {
  return (
    <>
      <PastBanner event={event} />
      <JobHeader job={job} />
    </>
  );
}

/** Says that what is shown is not so any more. */
function PastBanner({ event: { event, at } }: { readonly event: JobEvent }) {
  const navigate = route.useNavigate();
  return (
    <p className="past" role="status">
      <span>
        You look at the past: as it was after {event}, <Instant at={at} />.
      </span>
      <button type="button" onClick={() => void navigate({ search: ({ at: _at, ...rest }) => rest, replace: true })}>
        Back to now
      </button>
    </p>
  );
}

function History({ job, events }: { readonly job: Job; readonly events: readonly JobEvent[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { at } = search;
  const change = (changed: JobPageSearch) =>
    void navigate({ search: (before) => withoutNothing({ ...before, ...changed }), replace: true, resetScroll: false });
  const until = at === undefined ? events : events.filter(({ version }) => version <= at);
  return (
    <>
      <Timeline events={until} ended={at !== undefined || hasEnded(job)}>
        <EventSlider events={events} at={at} onMove={(version) => change({ at: version })} />
      </Timeline>
      <Steps events={until} />
      <Contents job={job} />
      <AttemptLogs id={job.id} events={until} attempt={search.log} onAttempt={(log) => change({ log })} />
      <Causes job={job} events={until} past={at !== undefined} />
      <JobHistory events={events} search={search} onSearch={change} />
    </>
  );
}

/** Leaves out what says nothing, so that addresses stay short. */
function withoutNothing(search: Readonly<Record<string, unknown>>): JobPageSearch {
  const telling = Object.entries(search).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(telling) as JobPageSearch;
}

function Contents({ job: { id, payload, result, resultInexact } }: { readonly job: Job }) {
  return (
    <div className="contents">
      <section>
        <h2>Payload</h2>
        <JsonTree value={payload} file={`${id}-payload`} />
      </section>
      <section>
        <h2>Result</h2>
        <JsonTree value={result} file={`${id}-result`} />
        {resultInexact && <p className="dim">It has numbers that JavaScript does not hold exactly.</p>}
      </section>
    </div>
  );
}
