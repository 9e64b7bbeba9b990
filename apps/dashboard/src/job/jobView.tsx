import { hasEnded, type Job, type JobEvent } from '@jobstream/client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useClient, useLiveFeed } from '../live/dashboardContext.ts';
import type { Moment } from '../live/liveFeed.ts';
import { CopyButton } from '../parts/copyButton.tsx';
import { Age, Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/jsonTree.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import { Status } from '../parts/status.tsx';
import { JobActions } from './jobActions.tsx';
import { JobHistory } from './jobHistory.tsx';
import { Timeline } from './timeline.tsx';

const route = getRouteApi('/jobs/$id');

/** One job: what it is, how its attempts went, every event, what it was given and what it gave. */
export function JobView() {
  const { id } = route.useParams();
  const client = useClient();
  const queryClient = useQueryClient();
  const job = useQuery({ queryKey: ['job', id], queryFn: ({ signal }) => client.jobs.get(id, { signal }) });
  const history = useQuery({
    queryKey: ['job', id, 'events'],
    queryFn: ({ signal }) => client.jobs.history(id, { signal }),
  });
  const onMoment = useCallback(
    ({ changes, incomplete }: Moment) => {
      const concerned = incomplete || changes.some(({ jobId }) => jobId === id);
      if (concerned) void queryClient.invalidateQueries({ queryKey: ['job', id] });
    },
    [queryClient, id],
  );
  useLiveFeed(onMoment);
  const error = job.error ?? history.error;
  if (job.data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void job.refetch()} />;
  return (
    <article className="job">
      <Header job={job.data} />
      {error !== null && <Failure error={error} />}
      {job.data.error !== undefined && <ErrorOf job={job.data} />}
      {history.data !== undefined && <Past job={job.data} events={history.data} />}
      <Contents job={job.data} />
    </article>
  );
}

function Past({ job, events }: { readonly job: Job; readonly events: readonly JobEvent[] }) {
  return (
    <>
      <Timeline events={events} ended={hasEnded(job)} />
      <JobHistory events={events} />
    </>
  );
}

function Header({ job }: { readonly job: Job }) {
  const { id, type, status, attempt, maxAttempts, createdAt, runAt, tags, tenant } = job;
  return (
    <header>
      <div className="title">
        <h1>
          <Status status={status} />{' '}
          <Link to="/jobs" search={{ type }}>
            {type}
          </Link>
        </h1>
        <JobActions job={job} />
      </div>
      <p className="mono">
        {id} <CopyButton text={id} label="Copy id" />
      </p>
      <dl className="facts">
        <Fact name="Created">
          <Instant at={createdAt} />{' '}
          <span className="dim">
            (<Age at={createdAt} />)
          </span>
        </Fact>
        <Fact name="Attempt">{`${attempt} of ${maxAttempts}`}</Fact>
        {runAt !== undefined && !hasEnded(job) && (
          <Fact name="Due">
            <Instant at={runAt} />
          </Fact>
        )}
        {job.worker !== undefined && status === 'processing' && <Fact name="Worker">{job.worker}</Fact>}
        {tags.length > 0 && <Fact name="Tags">{tags.join(', ')}</Fact>}
        {tenant !== undefined && <Fact name="Tenant">{tenant}</Fact>}
      </dl>
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function ErrorOf({ job: { error, status } }: { readonly job: Job }) {
  if (error === undefined) return null;
  return (
    <section className="job-error">
      <h2>{status === 'failed' ? 'Failed' : 'Last error'}</h2>
      <p className="mono">
        <strong>{error.name}</strong>: {error.message}
        {error.code !== undefined && <span className="dim"> ({error.code})</span>}
      </p>
    </section>
  );
}

function Contents({ job: { payload, result, resultInexact } }: { readonly job: Job }) {
  return (
    <div className="contents">
      <section>
        <h2>Payload</h2>
        <JsonTree value={payload} />
      </section>
      <section>
        <h2>Result</h2>
        <JsonTree value={result} />
        {resultInexact && <p className="dim">It has numbers that JavaScript does not hold exactly.</p>}
      </section>
    </div>
  );
}
