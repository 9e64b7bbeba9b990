import type { JobstreamClient } from '@jobstream/client';
import { createContext, useContext, useEffect } from 'react';
import type { LiveFeed, ChangeBatch } from './liveFeed.ts';

/** What the views are handed. */
export interface DashboardDeps {
  readonly client: JobstreamClient;
  readonly feed: LiveFeed;
}

export const DashboardContext = createContext<DashboardDeps | undefined>(undefined);

export function useClient(): JobstreamClient {
  return useDeps().client;
}

/** Calls `onBatch`, which should keep its identity, while the view is shown. */
export function useLiveFeed(onBatch: (batch: ChangeBatch) => void): void {
  const { feed } = useDeps();
  useEffect(() => feed.subscribe(onBatch), [feed, onBatch]);
}

function useDeps(): DashboardDeps {
  const deps = useContext(DashboardContext);
  if (deps === undefined) throw new Error('the view stands outside of the dashboard');
  return deps;
}
