import { explainSettings, explainUnique, hasEnded, type Job } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { formatDuration } from '../format/duration.ts';
import { ExportIncident } from '../incident/exportIncident.tsx';
import { CopyButton } from '../parts/copyButton.tsx';
import { Fact } from '../parts/fact.tsx';
import { Age, Instant } from '../parts/instant.tsx';
import { TagLinks, TypeLink, WorkerLink } from '../parts/names.tsx';
import { Status } from '../parts/status.tsx';

/** What a job is, and at the right what may be done to it. */
export function JobHeader({ job, children }: { readonly job: Job; readonly children?: ReactNode }) {
  const { id, type, status } = job;
  return (
    <header>
      <div className="title">
        <h1>
          <Status status={status} /> <TypeLink type={type} />
        </h1>
        {children}
      </div>
      <p className="mono">
        {id} <CopyButton text={id} label="Copy id" />
        <ExportIncident className="quiet" select={() => ({ ids: [id] })} />
        <Link className="button quiet" to="/jobs/$id/compare" params={{ id }}>
          Compare with the last that succeeded
        </Link>
      </p>
      <Facts job={job} />
    </header>
  );
}

function Facts({ job }: { readonly job: Job }) {
  const { status, attempt, maxAttempts, createdAt, tags, tenant, worker, progress } = job;
  return (
    <dl className="facts">
      <Fact name="Created">
        <Instant at={createdAt} />{' '}
        <span className="dim">
          (<Age at={createdAt} />)
        </span>
      </Fact>
      <Fact name="Attempt">{`${attempt} of ${maxAttempts}`}</Fact>
      <Priority job={job} />
      <ByDefinition job={job} />
      <Unique job={job} />
      <Due job={job} />
      <Unread job={job} />
      {worker !== undefined && status === 'processing' && (
        <Fact name="Worker">
          <WorkerLink worker={worker} />
        </Fact>
      )}
      {progress?.percent !== undefined && status === 'processing' && <Fact name="Progress">{progress.percent}%</Fact>}
      {tags.length > 0 && (
        <Fact name="Tags">
          <TagLinks tags={tags} />
        </Fact>
      )}
      {tenant !== undefined && <Fact name="Tenant">{tenant}</Fact>}
    </dl>
  );
}

function Due({ job }: { readonly job: Job }) {
  const { status, runAt, ranMs } = job;
  return (
    <>
      {runAt !== undefined && !hasEnded(job) && job.awaits === undefined && (
        <Fact name={status === 'waiting' ? 'Sleeps until' : 'Due'}>
          <Instant at={runAt} />
        </Fact>
      )}
      {ranMs !== undefined && <Fact name="Ran before its last sleep">{formatDuration(ranMs)}</Fact>}
    </>
  );
}

/** The signals that no step has read. */
function Unread({ job: { unread = {} } }: { readonly job: Job }) {
  const signals = Object.entries(unread).map(([name, count]) => (count === 1 ? name : `${name} (${count})`));
  return signals.length === 0 ? null : <Fact name="Unread signals">{signals.join(', ')}</Fact>;
}

function Priority({ job: { priority } }: { readonly job: Job }) {
  return priority === undefined ? null : <Fact name="Priority">{priority}</Fact>;
}

function ByDefinition({ job }: { readonly job: Job }) {
  const settings = explainSettings(job);
  return settings === undefined ? null : <Fact name="By its definition">{settings}</Fact>;
}

function Unique({ job }: { readonly job: Job }) {
  const rule = explainUnique(job);
  return rule === undefined ? null : <Fact name="Unique">{rule}</Fact>;
}
