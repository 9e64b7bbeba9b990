import type { JobEvent } from '@jobstream/client';
import type { JobPageSearch } from './jobPageSearch.ts';

/** A history with fewer events needs no filter. */
const FILTERED_FROM = 8;

interface EventFilterProps {
  readonly events: readonly JobEvent[];
  readonly search: JobPageSearch;
  readonly onSearch: (change: Record<'event' | 'find', string | undefined>) => void;
}

/** Narrows a long history to the events of a name, or those in which a text occurs. */
export function EventFilter({ events, search: { event, find }, onSearch }: EventFilterProps) {
  const counts = new Map<string, number>();
  for (const { event: name } of events) counts.set(name, (counts.get(name) ?? 0) + 1);
  if (events.length < FILTERED_FROM && event === undefined && find === undefined) return null;
  return (
    <div className="event-filter" role="search" aria-label="Events">
      <select
        aria-label="Event"
        value={event ?? ''}
        onChange={({ target }) => onSearch({ find, event: target.value || undefined })}
      >
        <option value="">{events.length === 1 ? 'the only event' : `all ${events.length} events`}</option>
        {[...counts].map(([name, count]) => (
          <option key={name} value={name}>
            {name} ({count})
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label="Find in events"
        placeholder="worker, actor, error, reason…"
        value={find ?? ''}
        onChange={({ target }) => onSearch({ event, find: target.value || undefined })}
      />
    </div>
  );
}
