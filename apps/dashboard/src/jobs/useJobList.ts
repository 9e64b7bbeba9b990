import type { Job, JobPage } from '@jobstream/client';
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { useClient, useLiveFeed } from '../live/dashboardContext.ts';
import type { JobChange } from '../live/jobChange.ts';
import type { Moment } from '../live/liveFeed.ts';
import type { JobSearch } from './jobSearch.ts';

const PAGE_SIZE = 100;

type Pages = InfiniteData<JobPage, string | undefined>;

/**
 * The jobs of a filter. Rows that are shown change in place; jobs that are new to the list are counted, and shown when
 * the reader asks for them, so that nothing moves under the hand.
 */
export function useJobList(filter: JobSearch) {
  const client = useClient();
  const queryClient = useQueryClient();
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  const key = ['jobs', filter.status ?? '', filter.type ?? '', filter.tag ?? ''] as const;
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      client.jobs.listPage(
        { ...filter, limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
        { signal },
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    staleTime: Infinity,
  });
  const keyText = key.join('\n');
  const onMoment = useCallback(
    ({ changes, incomplete }: Moment) => {
      const queryKey = keyText.split('\n');
      if (incomplete) void queryClient.invalidateQueries({ queryKey });
      const shown = queryClient.getQueryData<Pages>(queryKey);
      if (shown === undefined) return;
      const known = new Set(shown.pages.flatMap(({ items }) => items.map(({ id }) => id)));
      if (changes.some(({ jobId }) => known.has(jobId))) queryClient.setQueryData(queryKey, changed(shown, changes));
      const [, status, type, tag] = queryKey;
      const added = changes.filter((change) => !known.has(change.jobId) && joins(change, { status, type, tag }));
      if (added.length > 0) setUnseen((before) => new Set([...before, ...added.map(({ jobId }) => jobId)]));
    },
    [queryClient, keyText],
  );
  useLiveFeed(onMoment);
  const showUnseen = async () => {
    setUnseen(new Set());
    await queryClient.resetQueries({ queryKey: key });
  };
  return { query, jobs: query.data?.pages.flatMap(({ items }) => items) ?? [], unseen: unseen.size, showUnseen };
}

function changed(shown: Pages, changes: readonly JobChange[]): Pages {
  const newest = new Map(changes.map((change) => [change.jobId, change]));
  const update = (job: Job): Job => {
    const change = newest.get(job.id);
    if (change?.status === undefined || change.version <= job.version) return job;
    return { ...job, status: change.status, version: change.version, updatedAt: change.at };
  };
  return { ...shown, pages: shown.pages.map((page) => ({ ...page, items: page.items.map(update) })) };
}

/** Whether a job joins a list with this change; of old jobs the tags are not known, so that they are left out. */
function joins(change: JobChange, filter: Readonly<Record<'status' | 'type' | 'tag', string | undefined>>): boolean {
  if (filter.type && change.jobType !== filter.type) return false;
  if (filter.status && change.status !== filter.status) return false;
  if (!filter.status && change.event !== 'JobCreated') return false;
  return !filter.tag || (change.tags?.includes(filter.tag) ?? false);
}
