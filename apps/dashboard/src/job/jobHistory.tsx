import type { JobEvent, JobEventData, JobEventName } from '@jobstream/client';
import { useRef } from 'react';
import { formatActor } from '../format/actor.ts';
import { formatDuration } from '../format/duration.ts';
import { useRowKeys } from '../keys/useRowKeys.ts';
import { Instant } from '../parts/instant.tsx';
import { JsonTree } from '../parts/jsonTree.tsx';
import { EventDiff } from './eventDiff.tsx';
import { EventFilter } from './eventFilter.tsx';
import type { JobPageSearch } from './jobPageSearch.ts';
import { useLostAttempts } from './useLostAttempts.ts';

interface JobHistoryProps {
  readonly events: readonly JobEvent[];
  readonly search: JobPageSearch;
  readonly onSearch: (change: JobPageSearch) => void;
}

/** Every event of a job, with who caused it and what led to it; two of them can be compared. */
export function JobHistory({ events, search, onSearch }: JobHistoryProps) {
  const { compare = [] } = search;
  const [one, other] = compare;
  const mark = (version: number, marked: boolean) => {
    const rest = compare.filter((marking) => marking !== version);
    onSearch({ compare: marked ? [...rest.slice(-1), version] : rest });
  };
  return (
    <section>
      <h2 id="events">Events</h2>
      <EventFilter events={events} search={search} onSearch={onSearch} />
      {one !== undefined && other !== undefined ? (
        <EventDiff events={events} versions={[one, other]} onClose={() => onSearch({ compare: [] })} />
      ) : (
        one !== undefined && <p className="dim">Mark another event to compare version {one} with.</p>
      )}
      <EventTable events={events} search={search} onMark={mark} />
    </section>
  );
}

interface EventTableProps {
  readonly events: readonly JobEvent[];
  readonly search: JobPageSearch;
  readonly onMark: (version: number, marked: boolean) => void;
}

function EventTable({ events, search, onMark }: EventTableProps) {
  const table = useRef<HTMLDivElement>(null);
  const versions = new Map(events.map(({ id, version, event }) => [id, `${event} (${version})`]));
  const lost = useLostAttempts(events);
  const times = new Map(events.map(({ version }, index) => [version, events[index - 1]?.at]));
  const shown = events.filter((event) => matches(event, search));
  useRowKeys(table, { count: shown.length });
  if (shown.length === 0) return <p className="dim">None of the {events.length} events match.</p>;
  return (
    <div className="scroll" ref={table}>
      <table className="history">
        <thead>
          <tr>
            <th>
              <span className="sr-only">Compare</span>
            </th>
            <th className="number">Version</th>
            <th>Time</th>
            <th className="number">After</th>
            <th>Event</th>
            <th>Actor</th>
            <th>Cause</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((event, index) => (
            <EventRow
              key={event.id}
              {...{ event, index, search, versions, onMark }}
              since={times.get(event.version)}
              lost={lost.get(event.version)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface EventRowProps {
  readonly event: JobEvent;
  readonly index: number;
  /** When the event before it happened. */
  readonly since: string | undefined;
  /** Why an attempt was lost, if this event shows it. */
  readonly lost: string | undefined;
  readonly search: JobPageSearch;
  /** The names and versions of the events of this job, by their ids. */
  readonly versions: ReadonlyMap<string, string>;
  readonly onMark: EventTableProps['onMark'];
}

function EventRow({ event, index, since, lost, search: { at, compare = [] }, versions, onMark }: EventRowProps) {
  const { version } = event;
  const elapsed = since === undefined ? undefined : Date.parse(event.at) - Date.parse(since);
  return (
    <tr id={`event-${version}`} className={at !== undefined && version > at ? 'later' : undefined}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare version ${version}`}
          checked={compare.includes(version)}
          onChange={({ target }) => onMark(version, target.checked)}
        />
      </td>
      <td className="number">{version}</td>
      <td>
        <Instant at={event.at} />
      </td>
      <td className="number">{elapsed === undefined ? '–' : `+${formatDuration(elapsed)}`}</td>
      <td>
        <details>
          <summary data-row={index}>
            {event.event} <span className="dim">{detailOf(event)}</span>
          </summary>
          <JsonTree value={event} />
        </details>
        {lost !== undefined && <p className="warn">{lost}</p>}
      </td>
      <td>{formatActor(event.actor)}</td>
      <td className="clip">{causeOf(event, versions)}</td>
    </tr>
  );
}

function matches(event: JobEvent, { event: name, find }: JobPageSearch): boolean {
  if (name !== undefined && event.event !== name) return false;
  return find === undefined || JSON.stringify(event).toLowerCase().includes(find.toLowerCase());
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

type Details = { readonly [Name in JobEventName]: (data: JobEventData[Name]) => string | undefined };

/** What is worth knowing of an event beside its name. */
const DETAILS: Details = {
  JobCreated: ({ reason }) => reason,
  JobStarted: ({ attempt }) => `attempt ${attempt}`,
  JobProgressed: ({ percent, message }) => [percent === undefined ? [] : `${percent}%`, message ?? []].flat().join(' '),
  JobCompleted: ({ durationMs }) => `in ${formatDuration(durationMs)}`,
  JobRetryScheduled: ({ error }) => `${error.name}: ${error.message}`,
  JobFailed: ({ error, reason }) => `${reason}: ${error.name}: ${error.message}`,
  JobReleased: ({ reason }) => reason,
  JobCancelled: ({ reason }) => reason,
  JobRequeued: ({ reason }) => reason,
  JobDueNow: ({ reason }) => reason,
  JobPayloadChanged: ({ reason }) => reason,
  JobCarried: () => undefined,
};

function detailOf({ event, data }: JobEvent): string {
  // An event of a newer release is in none of our tables.
  const describe = DETAILS[event] as ((data: unknown) => string | undefined) | undefined;
  return describe?.(data) ?? '';
}
