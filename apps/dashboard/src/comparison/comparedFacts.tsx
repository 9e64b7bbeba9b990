import type { Job } from '@jobstream/client';
import type { ReactNode } from 'react';
import { formatDuration } from '../format/duration.ts';
import { Instant } from '../parts/instant.tsx';
import { JobLink, TagLinks, TypeLink, WorkerLink } from '../parts/names.tsx';
import { Status } from '../parts/status.tsx';

interface TwoJobs {
  readonly job: Job;
  readonly other: Job;
}

/** What the two are and how they went, side by side. */
export function ComparedFacts({ job, other }: TwoJobs) {
  return (
    <div className="scroll">
      <table className="compared">
        <thead>
          <tr>
            <td />
            <th scope="col">This job</th>
            <th scope="col">The other one</th>
          </tr>
        </thead>
        <tbody>
          {FACTS.map(({ name, of }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{of(job) ?? '–'}</td>
              <td>{of(other) ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const FACTS: readonly { readonly name: string; readonly of: (job: Job) => ReactNode }[] = [
  { name: 'Job', of: ({ id }) => <JobLink id={id} /> },
  { name: 'Status', of: ({ status }) => <Status status={status} /> },
  { name: 'Type', of: ({ type }) => <TypeLink type={type} /> },
  { name: 'Tags', of: ({ tags }) => (tags.length === 0 ? undefined : <TagLinks tags={tags} />) },
  { name: 'Attempts', of: ({ attempt, maxAttempts }) => `${attempt} of ${maxAttempts}` },
  { name: 'Worker', of: ({ worker }) => worker && <WorkerLink worker={worker} /> },
  { name: 'Version of the worker', of: ({ workerVersion }) => workerVersion },
  { name: 'Created', of: ({ createdAt }) => <Instant at={createdAt} /> },
  { name: 'Last attempt began after', of: ({ createdAt, startedAt }) => between(createdAt, startedAt) },
  { name: 'Last attempt ran for', of: ({ startedAt, finishedAt }) => between(startedAt, finishedAt) },
  { name: 'Ended after', of: ({ createdAt, finishedAt }) => between(createdAt, finishedAt) },
];

function between(from: string | undefined, to: string | undefined): string | undefined {
  return from === undefined || to === undefined ? undefined : formatDuration(Date.parse(to) - Date.parse(from));
}
