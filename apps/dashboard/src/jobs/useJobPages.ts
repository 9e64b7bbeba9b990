import type { Job, JobPage } from '@jobstream/client';
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { useClient } from '../live/dashboardContext.ts';
import { atTime, type JobSearch } from './jobSearch.ts';

const PAGE_SIZE = 100;
/** So many pages are kept, around the rows in sight; the others are read again when they come into sight. */
const MAX_PAGES = 10;
/** A page is fetched when so many rows before it are in sight. */
const AHEAD = 40;

/** Where a page begins. It leads to the pages before it, since the API tells of a page only the next one. */
interface PageStart {
  /** The number of rows before it. */
  readonly row: number;
  readonly cursor?: string;
  readonly before?: PageStart;
}

const TOP: PageStart = { row: 0 };

/** The rows of a list that are kept. */
export interface KeptRows {
  readonly jobs: readonly Job[];
  /** The number of rows before them, which were there and are not kept. */
  readonly first: number;
  /** Whether there are rows after them. */
  readonly more: boolean;
  /** Jobs of a past moment that are not among them, because the log has lost what they were. */
  readonly unknown: number;
  /** Has the pages around these rows read, one after the other; call it with what is in sight. */
  readonly show: (from: number, to: number) => void;
}

/** The jobs of a filter, of which only pages around the rows in sight are kept, however far one scrolls. */
export function useJobPages(filter: JobSearch) {
  const client = useClient();
  const queryClient = useQueryClient();
  const [now] = useState(Date.now);
  const [origin, setOrigin] = useState({ start: TOP, jumps: 0 });
  const minPosition = useRef(0);
  const key = ['jobs', JSON.stringify(filter)] as const;
  const query = useInfiniteQuery<JobPage, Error, InfiniteData<JobPage, PageStart>, readonly unknown[], PageStart>({
    queryKey: [...key, origin.jumps],
    queryFn: ({ pageParam: { cursor }, signal }) =>
      client.jobs.listPage({ ...atTime(filter, now), ...pageAt(cursor, minPosition.current) }, { signal }),
    initialPageParam: origin.start,
    getNextPageParam: nextStart,
    getPreviousPageParam: (_page, _pages, { before }) => before,
    maxPages: MAX_PAGES,
    placeholderData: (before) => before,
    staleTime: Infinity,
    refetchOnMount: 'always',
  });
  const { data, isFetching, isError, hasPreviousPage, hasNextPage } = query;
  const jobs = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const unknown = data?.pages.reduce((sum, page) => sum + (page.unknown ?? 0), 0) ?? 0;
  const start = data?.pageParams[0] ?? TOP;
  const show = (from: number, to: number) => {
    // A fetch that is under way is not to be cancelled by the next row that comes into sight.
    if (isFetching || isError) return;
    const end = start.row + jobs.length;
    if (to < start.row) setOrigin(({ jumps }) => ({ start: startOf(from, start), jumps: jumps + 1 }));
    else if (from < start.row + AHEAD && hasPreviousPage) void query.fetchPreviousPage({ cancelRefetch: false });
    else if (to >= end - AHEAD && hasNextPage) void query.fetchNextPage({ cancelRefetch: false });
  };
  /** Reads from the first row on what the table has once it has reached a position of the log. */
  const restart = (position: number) => {
    minPosition.current = position;
    setOrigin({ start: TOP, jumps: 0 });
    return queryClient.resetQueries({ queryKey: key });
  };
  return { query, restart, rows: { jobs, first: start.row, more: hasNextPage, unknown, show } satisfies KeptRows };
}

/** Which page is read, of a table that has reached a position. */
function pageAt(cursor: string | undefined, minPosition: number) {
  const waited = minPosition === 0 ? {} : { minPosition };
  return { limit: PAGE_SIZE, ...waited, ...(cursor === undefined ? {} : { cursor }) };
}

function nextStart({ nextCursor, items }: JobPage, _pages: unknown, before: PageStart): PageStart | undefined {
  return nextCursor === null ? undefined : { row: before.row + items.length, cursor: nextCursor, before };
}

/** The page at or before `last` that has the row. */
function startOf(row: number, last: PageStart): PageStart {
  let start = last;
  while (start.row > row && start.before !== undefined) start = start.before;
  return start;
}
