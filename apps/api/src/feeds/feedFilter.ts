import type { JobEvent } from '@jobstream/domain';
import { visibleTo } from '../auth/caller.ts';

/** Which events a feed shows. */
export interface FeedFilter {
  /** Feeds with the same key show the same events, so that what is sent to them is made once. */
  readonly key: string;
  matches(event: JobEvent): boolean;
}

/** Events of any of these types and names, where an empty list leaves all through, and of this tenant, if there is one. */
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
