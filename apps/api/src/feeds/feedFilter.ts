import type { JobEvent } from '@jobstream/domain';

/** Which events a feed shows. */
export interface FeedFilter {
  /** Feeds with the same key show the same events, so that what is sent to them is made once. */
  readonly key: string;
  matches(event: JobEvent): boolean;
}

/** Events of any of these types and of any of these names; an empty list leaves all through. */
export function feedFilter(types: readonly string[], names: readonly string[]): FeedFilter {
  const [ofType, ofName] = [new Set(types), new Set<string>(names)];
  return {
    key: `${[...ofType].toSorted().join(',')} ${[...ofName].toSorted().join(',')}`,
    matches: ({ jobType, event }) =>
      (ofType.size === 0 || ofType.has(jobType)) && (ofName.size === 0 || ofName.has(event)),
  };
}
