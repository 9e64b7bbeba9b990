import type { Actor, JobEvent, JobEventData, JobEventName } from '@jobstream/client';
import { formatDuration } from '../format/duration.ts';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/jsonTree.tsx';

/** Every event of a job, with who caused it and what led to it. */
export function JobHistory({ events }: { readonly events: readonly JobEvent[] }) {
  const versions = new Map(events.map(({ id, version, event }) => [id, `${event} (${version})`]));
  return (
    <section>
      <h2>Events</h2>
      <div className="scroll">
        <table className="history">
          <thead>
            <tr>
              <th className="number">Version</th>
              <th>Time</th>
              <th className="number">After</th>
              <th>Event</th>
              <th>Actor</th>
              <th>Cause</th>
            </tr>
          </thead>
          <tbody>
            {events.map((event, index) => (
              <EventRow key={event.id} event={event} before={events[index - 1]} versions={versions} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface EventRowProps {
  readonly event: JobEvent;
  readonly before: JobEvent | undefined;
  /** The names and versions of the events of this job, by their ids. */
  readonly versions: ReadonlyMap<string, string>;
}

function EventRow({ event, before, versions }: EventRowProps) {
  const since = before === undefined ? undefined : Date.parse(event.at) - Date.parse(before.at);
  return (
    <tr>
      <td className="number">{event.version}</td>
      <td>
        <Instant at={event.at} />
      </td>
      <td className="number">{since === undefined ? '–' : `+${formatDuration(since)}`}</td>
      <td>
        <details>
          <summary>
            {event.event} <span className="dim">{detailOf(event)}</span>
          </summary>
          <JsonTree value={event} />
        </details>
      </td>
      <td>{actorOf(event.actor)}</td>
      <td className="clip">{causeOf(event, versions)}</td>
    </tr>
  );
}

function actorOf({ kind, id }: Actor): string {
  return kind === 'api' && id === 'anonymous' ? 'API, without a key' : `${kind} ${id}`;
}

/** What led to an event: one of this job, something elsewhere, or a request. */
function causeOf({ causationId, correlationId }: JobEvent, versions: EventRowProps['versions']) {
  if (causationId !== undefined) return versions.get(causationId) ?? <span className="mono">{causationId}</span>;
  if (correlationId === undefined) return '–';
  return (
    <>
      request <span className="mono">{correlationId}</span>
    </>
  );
}

type Details = { readonly [Name in JobEventName]?: (data: JobEventData[Name]) => string | undefined };

/** What is worth knowing of an event beside its name. */
const DETAILS: Details = {
  JobStarted: ({ attempt }) => `attempt ${attempt}`,
  JobProgressed: ({ percent, message }) => [percent === undefined ? [] : `${percent}%`, message ?? []].flat().join(' '),
  JobCompleted: ({ durationMs }) => `in ${formatDuration(durationMs)}`,
  JobRetryScheduled: ({ error }) => `${error.name}: ${error.message}`,
  JobFailed: ({ error, reason }) => `${reason}: ${error.name}: ${error.message}`,
  JobReleased: ({ reason }) => reason,
  JobCancelled: ({ reason }) => reason,
  JobRequeued: ({ reason }) => reason,
};

function detailOf({ event, data }: JobEvent): string {
  const describe = DETAILS[event] as ((data: unknown) => string | undefined) | undefined;
  return describe?.(data) ?? '';
}
