import type { Job, JobListFilter, JobstreamClient } from '@jobstream/client';
import { eventually } from '@jobstream/test-support';

/** Resolves when the table has the jobs that a test wants to see. */
export async function untilListed(
  client: JobstreamClient,
  filter: JobListFilter,
  isThere: (jobs: readonly Job[]) => boolean,
): Promise<void> {
  await eventually(async () => {
    const { items } = await client.jobs.listPage({ ...filter, limit: 200 });
    if (!isThere(items))
      throw new Error(`the table has ${items.map(({ id, status }) => `${id} ${status}`).join(', ')}`);
  });
}
