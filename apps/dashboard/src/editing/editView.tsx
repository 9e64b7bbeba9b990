import type { Job } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { conditionsOf, type JobSearch } from '../jobs/jobSearch.ts';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain, useChangesOfJob } from '../live/readAgain.ts';
import { ErrorName, JobLink, TypeLink } from '../parts/names.tsx';
import { Failure, Loading } from '../parts/notes.tsx';
import { Status } from '../parts/status.tsx';
import { useMay } from '../session/session.ts';
import { EditForm } from './editForm.tsx';
import { Retried, type SentPayload } from './retried.tsx';

const route = getRouteApi('/jobs/$id/edit');

/** Edits the payload of a job that has failed for good, and retries it. */
export function EditView() {
  const { id } = route.useParams();
  const alike: JobSearch = route.useSearch();
  const client = useClient();
  const [sent, setSent] = useState<SentPayload>();
  const may = useMay('jobs:write');
  const { data, error, refetch } = useQuery({
    queryKey: ['job', id],
    queryFn: ({ signal }) => client.jobs.get(id, { signal }),
    // What is edited must not change under the hand; what was sent is watched.
    ...(sent === undefined ? { ...readAgain.once, refetchOnWindowFocus: false } : readAgain.waiting),
  });
  useChangesOfJob(sent === undefined ? undefined : id);
  if (data === undefined)
    return error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <article className="edit">
      <h1>
        Edit and retry <TypeLink type={data.type} />
      </h1>
      <JobLine job={data} />
      {sent === undefined ? (
        <Editing job={data} may={may} alike={conditionsOf(alike).length > 0 ? alike : likeOf(data)} onSent={setSent} />
      ) : (
        <Retried job={data} sent={sent} />
      )}
    </article>
  );
}

function JobLine({ job: { id, type, status, error } }: { readonly job: Job }) {
  return (
    <>
      <p>
        <Status status={status} /> <JobLink id={id} />
      </p>
      {error !== undefined && status !== 'completed' && (
        <p className="job-error mono">
          <ErrorName type={type} error={error} />: {error.message}
          {error.code !== undefined && <span className="dim"> ({error.code})</span>}
        </p>
      )}
    </>
  );
}

interface EditingProps {
  readonly job: Job;
  readonly may: boolean;
  readonly alike: JobSearch;
  readonly onSent: (sent: SentPayload) => void;
}

function Editing({ job, may, alike, onSent }: EditingProps) {
  if (!may) return <p className="dim">Changes need the scope jobs:write.</p>;
  if (job.status !== 'failed' && job.status !== 'cancelled') {
    return <p>Only failed and cancelled jobs can be retried; this one is {job.status}.</p>;
  }
  return <EditForm job={job} onSent={(payloads) => onSent({ ...payloads, alike })} />;
}

/** Failed jobs of the type with an error of this kind. */
function likeOf({ type, error }: Job): JobSearch {
  const code = error?.code === undefined ? {} : { errorCode: error.code };
  return { type, status: 'failed', ...(error === undefined ? {} : { errorName: error.name, ...code }) };
}
