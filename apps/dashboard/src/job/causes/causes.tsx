import type { Job, JobEvent } from '@jobstream/client';
import { Link } from '@tanstack/react-router';
import { ActorLink } from '../../live/actorName.tsx';
import { Instant } from '../../parts/instant.tsx';
import { JobLink } from '../../parts/names.tsx';
import { Status } from '../../parts/status.tsx';
import { deeds, type Intervention, interventionsOf, type Origin, originOf } from './origin.ts';
import { type Ancestor, useAncestors, useOperations, useReruns } from './useRelatives.ts';

interface CausesProps {
  readonly job: Job;
  readonly events: readonly JobEvent[];
  /** Whether the job is looked at as it was: then it is not known what came of it. */
  readonly past: boolean;
}

/** What led to a job, what was done to it by hand, and what came of it. */
export function Causes({ job, events, past }: CausesProps) {
  const [first] = events;
  const ancestors = useAncestors(first);
  if (first === undefined || ancestors === undefined) return null;
  return (
    <section aria-labelledby="causes">
      <h2 id="causes">Causes</h2>
      <ol className="causes">
        <Before first={first} ancestors={ancestors} />
        <li aria-current="true">
          <span className="step">
            <Status status={job.status} /> this job
          </span>
        </li>
        {interventionsOf(events).map((event) => (
          <InterventionStep key={event.id} event={event} />
        ))}
        {!past && <Reruns id={job.id} />}
      </ol>
    </section>
  );
}

/** What created the first of the jobs, and how each led to the next. */
function Before({ first, ancestors }: { readonly first: JobEvent; readonly ancestors: readonly Ancestor[] }) {
  const oldest = ancestors[0]?.first ?? first;
  return (
    <>
      <OriginStep origin={originOf(oldest)} at={oldest.at} />
      {ancestors.map(({ job }, index) => (
        <li key={job.id}>
          <JobStep job={job} />
          <RerunStep first={ancestors[index + 1]?.first ?? first} />
        </li>
      ))}
    </>
  );
}

function Reruns({ id }: { readonly id: string }) {
  const { items, total = 0 } = useReruns(id) ?? { items: [] };
  return (
    <>
      {items.map((rerun) => (
        <li key={rerun.id}>
          <span className="step dim">rerun</span> <JobStep job={rerun} />
        </li>
      ))}
      {total > items.length && <li className="dim">and {(total - items.length).toLocaleString()} more repetitions</li>}
    </>
  );
}

function OriginStep({ origin, at }: { readonly origin: Origin; readonly at: string }) {
  return (
    <li>
      <span className="step">
        <OriginName origin={origin} /> <Instant at={origin.schedule?.tickAt ?? at} />
        <Reason reason={origin.reason} />
      </span>
    </li>
  );
}

/** The schedule, the operation or the request that created a job. */
function OriginName({ origin: { actor, schedule, rerunOf, correlationId } }: { readonly origin: Origin }) {
  if (schedule !== undefined) {
    const byHand = actor.kind !== 'scheduler';
    return (
      <>
        {byHand ? (
          <>
            Run by <ActorLink actor={actor} /> of
          </>
        ) : (
          'Tick of'
        )}{' '}
        <Link to="/schedules" hash={`schedule-${schedule.name}`}>
          {schedule.name}
        </Link>
      </>
    );
  }
  if (rerunOf !== undefined) {
    return (
      <>
        Rerun of <JobLink id={rerunOf} /> by <Caller {...{ actor, correlationId }} />
      </>
    );
  }
  return (
    <>
      Created by <Caller {...{ actor, correlationId }} />
    </>
  );
}

function RerunStep({ first }: { readonly first: JobEvent }) {
  const { actor, correlationId, reason } = originOf(first);
  return (
    <span className="step dim">
      rerun by <Caller {...{ actor, correlationId }} /> <Instant at={first.at} />
      <Reason reason={reason} />
    </span>
  );
}

function InterventionStep({
  event: { event, actor, correlationId, at, version, data },
}: {
  readonly event: Intervention;
}) {
  return (
    <li>
      <span className="step">
        <a href={`#event-${version}`}>{deeds[event]}</a> by <Caller {...{ actor, correlationId }} /> <Instant at={at} />
        {'name' in data ? <span className="mono">{data.name}</span> : <Reason reason={data.reason} />}
      </span>
    </li>
  );
}

/** Who asked for something: an operation on many jobs, or a single caller. */
function Caller({ actor, correlationId }: Pick<Origin, 'actor' | 'correlationId'>) {
  const operation = useOperations()?.get(correlationId ?? '');
  if (operation === undefined) return <ActorLink actor={actor} />;
  return (
    <>
      the{' '}
      <Link to="/operations/$id" params={{ id: operation.id }}>
        {operation.kind} operation
      </Link>{' '}
      of <ActorLink actor={actor} />
    </>
  );
}

function JobStep({ job }: { readonly job: Job }) {
  return (
    <span className="step">
      <Status status={job.status} /> <JobLink id={job.id} />
    </span>
  );
}

function Reason({ reason }: { readonly reason: string | undefined }) {
  return reason === undefined ? null : <q>{reason}</q>;
}
