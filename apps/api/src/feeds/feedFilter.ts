import type { JobEvent } from '@jobstream/domain';
import { visibleTo } from '../auth/caller.ts';

/** The filter of a feed. */
export interface FeedFilter {
  /** Feeds with the same key share encoded chunks. */
  readonly key: string;
  matches(event: JobEvent): boolean;
}

/** Makes a filter by job types, event names (an empty list matches all) and tenant. */
export function feedFilter(types: readonly string[], names: readonly string[], tenant?: string): FeedFilter {
  const isVisible = visibleTo({ tenant });
  const [ofType, ofName] = [new Set(types), new Set<string>(names)];
  return {
    key: `${tenant ?? ''} ${[...ofType].toSorted().join(',')} ${[...ofName].toSorted().join(',')}`,
    matches: (event) =>
      (ofType.size === 0 || ofType.has(event.jobType)) &&
      (ofName.size === 0 || ofName.has(event.event)) &&
      isVisible(event),
  };
}
