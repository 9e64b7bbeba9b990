import type { JobFilter, JobReference } from '@jobstream/readmodel';
import type { ApiDeps } from '../apiDeps.ts';
import type { BulkPlan } from './bulkRequest.ts';

const PAGE = 500;

/** The jobs of a plan from the table, newest first within each status, none twice. */
export async function* matchingPages(
  { filter, statuses, limit }: BulkPlan,
  table: ApiDeps['table'],
): AsyncGenerator<readonly JobReference[]> {
  const seen = new Set<string>();
  for (const status of statuses) {
    for await (const page of pagesOf({ ...filter, status }, table)) {
      // A job that changes its status while we work may be met again in the next one.
      const jobs = page.filter(({ id }) => !seen.has(id)).slice(0, limit - seen.size);
      for (const { id } of jobs) seen.add(id);
      if (jobs.length > 0) yield jobs;
      if (seen.size >= limit) return;
    }
  }
}

async function* pagesOf(filter: JobFilter, table: ApiDeps['table']): AsyncGenerator<readonly JobReference[]> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await table.findJobReferences({ ...filter, limit: PAGE, cursor });
    yield items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** How many jobs a plan matches now; counts no further than `upTo`. */
export async function countMatching(plan: BulkPlan, upTo: number, table: ApiDeps['table']): Promise<number> {
  let count = 0;
  for (const status of plan.statuses) {
    if (count < upTo) count += await table.countMatchingJobs({ ...plan.filter, status }, upTo - count);
  }
  return count;
}
