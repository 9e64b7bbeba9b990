import type { JobListQuery } from '@jobstream/readmodel';
import type { ApiDeps } from '../apiDeps.ts';

export interface Total {
  readonly total: number;
  /** False when there are more than we care to count. */
  readonly totalExact: boolean;
}

/** Counting goes through all rows that match; this takes some milliseconds. */
const COUNTED_AT_MOST = 10_000;

/** How many jobs all pages of a list have: from the counts by type and status if they know, else counted up to 10,000. */
export async function countListed(
  query: JobListQuery,
  table: Pick<ApiDeps['table'], 'countJobs' | 'countMatchingJobs'>,
) {
  const { tenant, type, status, tag, createdAfter, createdBefore } = query;
  const filter = { tenant, type, status, tag, createdAfter, createdBefore };
  if (tag === undefined && createdAfter === undefined && createdBefore === undefined) return counted(filter, table);
  const found = await table.countMatchingJobs(filter, COUNTED_AT_MOST + 1);
  return { total: Math.min(found, COUNTED_AT_MOST), totalExact: found <= COUNTED_AT_MOST };
}

async function counted(
  { tenant, type, status }: Pick<JobListQuery, 'tenant' | 'type' | 'status'>,
  table: Pick<ApiDeps['table'], 'countJobs'>,
): Promise<Total> {
  let total = 0;
  for (const one of await table.countJobs(tenant)) {
    if ((type ?? one.type) === one.type && (status ?? one.status) === one.status) total += one.count;
  }
  return { total, totalExact: true };
}
