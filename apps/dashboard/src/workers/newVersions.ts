import type { Worker } from '@jobstream/client';

/** The first start of a version. */
export interface NewVersion {
  readonly version: string;
  /** RFC 3339, by the clock of the worker. */
  readonly at: string;
}

/** A period, both ends RFC 3339; and a type, if only its workers count. */
interface Within {
  readonly from: string;
  readonly to: string;
  readonly type?: string | undefined;
}

type VersionedWorker = Pick<Worker, 'version' | 'startedAt' | 'types'>;

/**
 * Returns the versions whose first known worker started in a period, the oldest first. Workers that are gone are known for a day, so
 * that this says nothing about what began earlier.
 */
export function newVersions(workers: readonly VersionedWorker[], { from, to, type }: Within): readonly NewVersion[] {
  const first = new Map<string, string>();
  for (const { version, startedAt, types } of workers) {
    if (version === undefined || (type !== undefined && !types.includes(type))) continue;
    const before = first.get(version);
    if (before === undefined || Date.parse(startedAt) < Date.parse(before)) first.set(version, startedAt);
  }
  return [...first]
    .map(([version, at]) => ({ version, at }))
    .filter(({ at }) => Date.parse(at) >= Date.parse(from) && Date.parse(at) < Date.parse(to))
    .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
