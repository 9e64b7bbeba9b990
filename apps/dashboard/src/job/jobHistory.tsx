import type { JobEvent, JobEventData, JobEventName, Priority } from '@jobstream/client';
import { Fragment, useEffect, useRef } from 'react';
import { formatDuration } from '../format/duration.ts';
import { formatInstant } from '../format/instant.ts';
import { useRowKeys } from '../keys/useRowKeys.ts';
import { Instant } from '../parts/instant.tsx';
import { ActorLink } from '../live/actorName.tsx';
import { type Segment, useFold } from '../parts/values/fold.ts';
import { JsonTree } from '../parts/values/jsonTree.tsx';
import { Unfolding } from '../parts/values/unfolding.tsx';
import { EventDiff } from './eventDiff.tsx';
import { EventFilter } from './eventFilter.tsx';
import type { JobPageSearch } from './jobPageSearch.ts';
import { useLostAttempts } from './useLostAttempts.ts';

const LONGEST_DETAIL = 300;

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
  const close = () => {
    onSearch({ compare: [] });
    document.querySelector<HTMLElement>(`#event-${other} input`)?.focus();
  };
  return (
    <section>
      <h2 id="events">Events</h2>
      <EventFilter events={events} search={search} onSearch={onSearch} />
      {one !== undefined && other !== undefined ? (
        <EventDiff events={events} versions={[one, other]} onClose={close} />
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
  const shown = events.filter((event) => matches(event, search));
  const { segments, showMore, reveal } = useFold(shown.length, { first: 20, last: 80 });
  useRowKeys(table, { count: shown.length, show: reveal });
  useAddressedEvent(shown, reveal);
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
          <EventRows {...{ events, shown, segments, search, onMark }} onMore={showMore} />
        </tbody>
      </table>
    </div>
  );
}

interface EventRowsProps extends EventTableProps {
  readonly shown: readonly JobEvent[];
  readonly segments: readonly Segment[];
  readonly onMore: (segment: Segment) => void;
}

function EventRows({ events, shown, segments, search, onMark, onMore }: EventRowsProps) {
  const versions = new Map(events.map(({ id, version, event }) => [id, `${event} (${version})`]));
  const times = new Map(events.map(({ version }, index) => [version, events[index - 1]?.at]));
  const lost = useLostAttempts(events);
  return segments.map((segment) =>
    segment.isShown ? (
      <Fragment key={segment.from}>
        {shown.slice(segment.from, segment.to).map((event, index) => (
          <EventRow
            key={event.id}
            {...{ event, index: segment.from + index, search, versions, onMark }}
            since={times.get(event.version)}
            lost={lost.get(event.version)}
          />
        ))}
      </Fragment>
    ) : (
      <LeftOut key={`left out from ${segment.from}`} segment={segment} onMore={() => onMore(segment)} />
    ),
  );
}

interface LeftOutProps {
  readonly segment: Segment;
  readonly onMore: () => void;
}

function LeftOut({ segment: { from, to }, onMore }: LeftOutProps) {
  return (
    <tr className="left-out">
      <td colSpan={7}>
        <button type="button" className="quiet" onClick={onMore}>
          {(to - from).toLocaleString()} events in between: show more
        </button>
      </td>
    </tr>
  );
}

/** Goes to the event that the address names after `#`, as a browser does where it is in the document. */
function useAddressedEvent(events: readonly JobEvent[], reveal: (index: number) => void): void {
  useEffect(() => {
    const go = () => {
      const { hash } = location;
      const index = events.findIndex(({ version }) => hash === `#event-${version}`);
      if (index === -1 || document.querySelector(hash) !== null) return;
      reveal(index);
      requestAnimationFrame(() => document.querySelector(hash)?.scrollIntoView());
    };
    addEventListener('hashchange', go);
    return () => removeEventListener('hashchange', go);
  });
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
        <Unfolding
          data-row={index}
          summary={
            <>
              {event.event} <span className="dim">{shortened(detailOf(event))}</span>
            </>
          }
        >
          <JsonTree value={event} file={event.id} />
        </Unfolding>
        {lost !== undefined && <p className="warn">{lost}</p>}
      </td>
      <td>
        <ActorLink actor={event.actor} />
      </td>
      <td className="clip">{causeOf(event, versions)}</td>
    </tr>
  );
}

/** All of it is in the event below. */
function shortened(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}…` : text;
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
  JobCreatedWithPriority: ({ priority, reason }) => withPriority(priority, reason),
  JobStarted: ({ attempt }) => `attempt ${attempt}`,
  JobProgressed: ({ percent, message }) => [percent === undefined ? [] : `${percent}%`, message ?? []].flat().join(' '),
  JobStepsRecorded: ({ steps }) => steps.map(stepText).join(', '),
  JobSuspended: suspensionText,
  JobResumed: ({ attempt }) => `attempt ${attempt}`,
  JobCompleted: ({ durationMs }) => `in ${formatDuration(durationMs)}`,
  JobRetryScheduled: ({ error }) => `${error.name}: ${error.message}`,
  JobFailed: ({ error, reason }) => `${reason}: ${error.name}: ${error.message}`,
  JobReleased: ({ reason }) => reason,
  JobCancelled: ({ reason }) => reason,
  JobRequeued: ({ reason }) => reason,
  JobRequeuedWithPriority: ({ priority, reason }) => withPriority(priority, reason),
  JobPriorityChanged: ({ priority, reason }) => withPriority(priority, reason),
  JobDueNow: ({ reason }) => reason,
  JobPayloadChanged: ({ reason }) => reason,
  JobRevised: ({ reason }) => reason,
  JobSignalled: ({ name }) => `signal ${name}`,
  JobCarried: () => undefined,
  JobCarriedWithSteps: () => undefined,
  JobCarriedWaiting: () => undefined,
};

function suspensionText({ until, ranMs, signals = [] }: JobEventData['JobSuspended']): string {
  const after = `after ${formatDuration(ranMs)}`;
  // When such a job would look again by itself is no time limit: those of the waits are in the steps.
  if (signals.length > 0) return `${after}, for the signal ${signals.join(' or ')}`;
  return `${after}, until ${formatInstant(new Date(until), new Date())}`;
}

function stepText(outcome: JobEventData['JobStepsRecorded']['steps'][number]): string {
  const { name, key, error, signal, waitsUntil } = outcome;
  const step = key === undefined ? name : `${name} ${key}`;
  if (signal !== undefined) return `${step} read the signal ${signal.name}`;
  if (waitsUntil !== undefined) return `${step} waits until ${formatInstant(new Date(waitsUntil), new Date())}`;
  return error === undefined ? step : `${step} failed: ${error.message}`;
}

function withPriority(priority: Priority, reason = ''): string {
  return [`${priority} priority`, ...(reason === '' ? [] : [reason])].join(': ');
}

function detailOf({ event, data }: JobEvent): string {
  // An event of a newer release is in none of our tables.
  const describe = DETAILS[event] as ((data: unknown) => string | undefined) | undefined;
  return describe?.(data) ?? '';
}
