import { hasEnded, type Job } from '@jobstream/client';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { atTime, type JobSearch } from '../jobs/jobSearch.ts';
import { useClient } from '../live/dashboardContext.ts';
import { readAgain } from '../live/readAgain.ts';
import { planOf } from '../jobs/operationSearch.ts';
import { changeBetween, isSame } from '../payloads/payloadChange.ts';

/** What was sent for a job. */
export interface SentPayload {
  readonly before: unknown;
  readonly after: unknown;
  /** The jobs that failed like it. */
  readonly alike: JobSearch;
}

interface RetriedProps {
  readonly job: Job;
  readonly sent: SentPayload;
}

/** What became of the retry, and the way to the same change for the others. */
export function Retried({ job, sent }: RetriedProps) {
  return (
    <section aria-label="Retried" aria-live="polite">
      <p>
        <strong>It was retried{isSame(sent.before, sent.after) ? '' : ' with the new payload'}.</strong>{' '}
        {hasEnded(job) ? `It is ${job.status}.` : 'This page follows it.'}
      </p>
      {job.status === 'failed' ? (
        <p>
          <Link to="/jobs/$id" params={{ id: job.id }}>
            Look at its new error
          </Link>
        </p>
      ) : (
        <Others job={job} sent={sent} />
      )}
    </section>
  );
}

function Others({ job, sent: { before, after, alike } }: RetriedProps) {
  const change = changeBetween(before, after);
  const count = useOthers(job, alike);
  if (!count) return null;
  if (change === undefined) {
    return <p className="dim">This change sets null, which no patch can: the others have to be edited one by one.</p>;
  }
  const { patch, ...edits } = change;
  const sets = 'patch' in change ? { patch: JSON.stringify(patch, undefined, 2) } : {};
  return (
    <p className="actions start">
      <Link className="button primary" {...planOf({ kind: 'retry', ...alike, ...edits, ...sets })}>
        Same for {count === 1 ? 'the other one' : `the ${count.toLocaleString()} others`} that failed alike…
      </Link>
    </p>
  );
}

/** How many jobs have failed alike and were not retried. */
function useOthers({ id }: Job, alike: JobSearch): number | undefined {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['others', id, alike],
    queryFn: ({ signal }) => {
      const { sort: _sort, ...filter } = atTime(alike, Date.now());
      return client.operations.count({ kind: 'retry', filter }, { signal });
    },
    ...readAgain.slowly,
  });
  return data;
}
