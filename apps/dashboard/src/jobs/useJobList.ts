import type { Job } from '@jobstream/client';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { useLiveFeed } from '../live/dashboardContext.ts';
import { type JobChange, withLater } from '../live/jobChange.ts';
import type { ChangeBatch } from '../live/liveFeed.ts';
import { readNow } from '../live/readAgain.ts';
import { isFollowed, type JobSearch, valuesOf } from './jobSearch.ts';
import { useJobPages } from './useJobPages.ts';

/**
 * The jobs of a filter. Rows that are shown change in place; jobs that are new to the list are counted, and shown when
 * the reader asks for them, so that nothing moves under the hand.
 */
export function useJobList(filter: JobSearch) {
  const queryClient = useQueryClient();
  const [joined, setJoined] = useState<ReadonlyMap<string, number>>(new Map());
  const [recent, setRecent] = useState<ReadonlyMap<string, JobChange>>(new Map());
  const { query, restart, rows } = useJobPages(filter);
  const keyText = JSON.stringify(filter);
  const onBatch = useCallback(
    ({ changes, incomplete }: ChangeBatch) => {
      if (incomplete) readNow(queryClient, { queryKey: ['jobs', keyText] });
      setRecent((before) => withNewer(before, changes));
      const added = changes.filter((change) => joins(change, keyText));
      if (added.length > 0) setJoined((before) => new Map([...before, ...added.map(positionOf)].slice(-MAX_RECENT)));
    },
    [queryClient, keyText],
  );
  useLiveFeed(filter.asOf === undefined ? onBatch : ignore);
  const showUnseen = () => {
    setJoined(new Map());
    return restart(Math.max(0, ...joined.values()));
  };
  const known = useMemo(() => new Set(rows.jobs.map(({ id }) => id)), [rows.jobs]);
  const jobs = useMemo(() => rows.jobs.map((job) => changedBy(recent.get(job.id), job)), [rows.jobs, recent]);
  const unseen = query.data === undefined ? 0 : [...joined.keys()].filter((id) => !known.has(id)).length;
  return { query, rows: { ...rows, jobs }, unseen, showUnseen };
}

function positionOf({ jobId, sequence }: JobChange): [id: string, position: number] {
  return [jobId, sequence];
}

/** The past does not change. */
function ignore(): void {}

/** The table may be behind the feed, so changes are kept for what is read after them: the newest of so many jobs. */
const MAX_RECENT = 5_000;

function withNewer(before: ReadonlyMap<string, JobChange>, changes: readonly JobChange[]): Map<string, JobChange> {
  const all = new Map(before);
  for (const change of changes) {
    const earlier = all.get(change.jobId);
    all.delete(change.jobId);
    all.set(change.jobId, withLater(earlier, change));
  }
  const excess = Math.max(all.size - MAX_RECENT, 0);
  for (const id of [...all.keys()].slice(0, excess)) all.delete(id);
  return all;
}

function changedBy(change: JobChange | undefined, job: Job): Job {
  if (change?.status === undefined || change.version <= job.version) return job;
  return { ...job, status: change.status, version: change.version, updatedAt: change.at };
}

/** Whether a job joins a list with this change; of old jobs the tags are not known, so that they are left out. */
function joins(change: JobChange, keyText: string): boolean {
  const search = JSON.parse(keyText) as JobSearch;
  if (!isFollowed(search)) return false;
  const [types, statuses, tags] = [valuesOf(search, 'type'), valuesOf(search, 'status'), valuesOf(search, 'tag')];
  if (types.length > 0 && !types.includes(change.jobType)) return false;
  if (statuses.length > 0 && !statuses.some((status) => status === change.status)) return false;
  if (statuses.length === 0 && !change.isNew) return false;
  return tags.every((tag) => change.tags?.includes(tag) ?? false);
}
