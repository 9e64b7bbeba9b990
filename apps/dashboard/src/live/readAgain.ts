import { UnavailableError } from '@jobstream/client';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { useLiveFeed } from './dashboardContext.ts';
import type { ChangeBatch } from './liveFeed.ts';

/** While what is read is unavailable. */
const UNAVAILABLE_MS = 3_000;
/** What has no event in the feed: workers, schedules, pauses, operations, reasons to wait. */
const SYSTEM_MS = 5_000;
/** An operation or a comparison that one waits for. */
const UNDER_WAY_MS = 2_000;
/** What changes with the clock alone while the feed tells of no change, and what costs more to read. */
const SLOWLY_MS = 15_000;
/** Whether the API answers, and the key is still good. */
const SESSION_MS = 5_000;

/** After so long what a change of the feed concerns is read, once for all changes until then. */
const GATHERED_MS = 2_000;
/** The table may be behind the feed by as much: a later change needs another reading. */
const SETTLED_MS = 1_000;

interface Reading<Data = unknown> {
  readonly state: { readonly data: Data | undefined; readonly error: Error | null };
}

function every(ms: number) {
  return { refetchInterval: (query: Reading) => askAgain(query) || ms };
}

function askAgain({ state: { error } }: Reading): number | false {
  return error instanceof UnavailableError && UNAVAILABLE_MS;
}

/**
 * How what is shown is read again, by the kind of data: `useQuery({ queryKey, queryFn, ...readAgain.jobs })`. It stands nowhere else. A tab
 * that is hidden reads nothing, and all that it shows when it is looked at again.
 */
export const readAgain = {
  /** By itself only while it is unavailable, which holds for every query without a policy: what does not change, or is followed by its view. */
  once: { refetchInterval: askAgain },
  /** Numbers and groups of jobs: when jobs have changed. */
  jobs: { ...every(SLOWLY_MS), meta: { changesWithJobs: true } },
  /** What has numbers of jobs, and else what no event tells. */
  types: { ...every(SYSTEM_MS), meta: { changesWithJobs: true } },
  system: every(SYSTEM_MS),
  /** Why a job waits changes without an event; the rest is followed. */
  waiting: every(SYSTEM_MS),
  /** What costs more, and may be some seconds old. */
  slowly: every(SLOWLY_MS),
  underWay: every(UNDER_WAY_MS),
  session: { refetchInterval: ({ state }: Reading) => state.data !== null && SESSION_MS },
} as const;

type Policy = 'once' | 'system' | 'underWay' | 'waiting';

/** Reads as the first policy says while `data` is under way, and else, or where nothing is read yet, as the second. */
export function whileUnderWay<Data>(isUnderWay: (data: Data) => boolean, [meanwhile, otherwise]: [Policy, Policy]) {
  return {
    refetchInterval: (query: Reading<Data>) => {
      const { data } = query.state;
      return readAgain[data !== undefined && isUnderWay(data) ? meanwhile : otherwise].refetchInterval(query);
    },
  };
}

/** Has queries read again that are shown, or, in a tab that is hidden, when it is looked at. */
export function readNow(queryClient: QueryClient, which: Parameters<QueryClient['invalidateQueries']>[0]): void {
  const refetchType = document.visibilityState === 'hidden' ? 'none' : 'active';
  void queryClient.invalidateQueries({ ...which, refetchType });
}

/** Reads what is made of jobs again when jobs have changed. It keeps the feed open in views that do not need it, so that the next one begins where
 * lists end. */
export function useChangesOfJobs(): void {
  const queryClient = useQueryClient();
  const changes = useMemo(
    () =>
      new GatheredChanges(() => readNow(queryClient, { predicate: ({ meta }) => meta?.['changesWithJobs'] === true })),
    [queryClient],
  );
  useLiveFeed(changes.note);
  useEffect(() => changes.forget, [changes]);
}

/** Reads a job again when it has changed; nothing without an id. */
export function useChangesOfJob(id: string | undefined): void {
  const queryClient = useQueryClient();
  const onBatch = useMemo(
    () =>
      ({ changes, incomplete }: ChangeBatch) => {
        const concerned = incomplete || changes.some(({ jobId }) => jobId === id);
        if (id !== undefined && concerned) readNow(queryClient, { queryKey: ['job', id] });
      },
    [queryClient, id],
  );
  useLiveFeed(onBatch);
}

/** Calls `onGathered` some time after a change, and again until the table must have the last one. */
export class GatheredChanges {
  readonly #onGathered: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = 0;

  constructor(onGathered: () => void) {
    this.#onGathered = onGathered;
  }

  readonly note = (): void => {
    this.#last = Date.now();
    this.#timer ??= setTimeout(this.#tell, GATHERED_MS);
  };

  readonly forget = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  };

  readonly #tell = (): void => {
    const settled = Date.now() - this.#last >= SETTLED_MS;
    this.#timer = settled ? undefined : setTimeout(this.#tell, GATHERED_MS);
    this.#onGathered();
  };
}
