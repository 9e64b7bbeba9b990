import type { JobEvent } from '@jobstream/domain';
import { type Caller, shownOfErrors, visibleTo } from '../auth/caller.ts';
import type { ShownOfErrors } from '../jobs/view/jobView.ts';

/** The filter of a feed. */
export interface FeedFilter {
  /** Feeds with the same key share encoded chunks. */
  readonly key: string;
  readonly shownOf: ShownOfErrors;
  matches(event: JobEvent): boolean;
}

/** Makes a filter by job types, event names (an empty list matches all), and what the caller may see. */
export function feedFilter(
  types: readonly string[],
  names: readonly string[],
  caller: Pick<Caller, 'scopes' | 'tenant'>,
): FeedFilter {
  const isVisible = visibleTo(caller);
  const shownOf = shownOfErrors(caller);
  const [ofType, ofName] = [new Set(types), new Set<string>(names)];
  return {
    shownOf,
    key: `${caller.tenant ?? ''} ${shownOf.stacks} ${[...ofType].toSorted().join(',')} ${[...ofName].toSorted().join(',')}`,
    matches: (event) =>
      (ofType.size === 0 || ofType.has(event.jobType)) &&
      (ofName.size === 0 || ofName.has(event.event)) &&
      isVisible(event),
  };
}
