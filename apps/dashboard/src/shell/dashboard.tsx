import { AccessDeniedError, type JobstreamClient } from '@jobstream/client';
import { QueryCache, QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { formatDuration } from '../format/duration.ts';
import { readAgain, readNow } from '../live/readAgain.ts';
import { DashboardContext } from '../live/dashboardContext.ts';
import { LiveFeed } from '../live/liveFeed.ts';
import { type TableLag, useTableLag } from '../live/tableLag.ts';
import { Failure } from '../parts/notes.tsx';
import { Login } from '../session/login.tsx';
import { readSession, type Session, SessionContext } from '../session/session.ts';
import { makeRouter } from './router.tsx';

const SESSION = ['session'];
/** How often what is shown is read again while the table is behind. */
const BEHIND_MS = 3_000;

/** Makes the whole page. */
export function makeDashboard(client: JobstreamClient, lag: TableLag) {
  const router = makeRouter();
  const feed = new LiveFeed(client);
  const queryClient: QueryClient = new QueryClient({
    // A key that was revoked leads to the login.
    queryCache: new QueryCache({
      onError: (error) => {
        if (error instanceof AccessDeniedError && error.status === 401)
          void queryClient.invalidateQueries({ queryKey: SESSION });
      },
    }),
    defaultOptions: { queries: { retry: false, ...readAgain.once } },
  });
  return (
    <QueryClientProvider client={queryClient}>
      <DashboardContext value={{ client, feed }}>
        <Gate router={router} feed={feed} lag={lag} />
      </DashboardContext>
    </QueryClientProvider>
  );
}

interface GateProps {
  readonly router: ReturnType<typeof makeRouter>;
  readonly feed: LiveFeed;
  readonly lag: TableLag;
}

/** The views for those who may see them; the login for the others. */
function Gate({ router, feed, lag }: GateProps) {
  const { data, error, refetch } = useWatchedSession(feed);
  if (data === null) return <Login onLogin={() => void refetch()} />;
  if (data !== undefined) {
    return (
      <SessionContext value={data}>
        {error === null ? <Behind lag={lag} /> : <Unreachable />}
        <RouterProvider router={router} />
      </SessionContext>
    );
  }
  return error === null ? null : <Failure error={error} onRetry={() => void refetch()} />;
}

/** The session, asked for again and again; after an outage all that is shown is read again. */
function useWatchedSession(feed: LiveFeed) {
  const queryClient = useQueryClient();
  const query = useQuery({
    queryKey: SESSION,
    queryFn: async () => {
      const session = await readSession();
      if (session?.position !== undefined) feed.noteTable(session.position);
      return session;
    },
    select: withoutPosition,
    staleTime: Infinity,
    ...readAgain.session,
  });
  const { isRefetchError: isLost } = query;
  useEffect(() => {
    if (!isLost) return undefined;
    return () => readNow(queryClient, { predicate: isOfView });
  }, [queryClient, isLost]);
  return query;
}

/** All but the session. */
function isOfView({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean {
  return queryKey[0] !== SESSION[0];
}

/** The position changes all the time, the rest hardly ever. */
function withoutPosition(session: Session | null): Omit<Session, 'position'> | null {
  if (session === null) return null;
  const { position: _position, ...rest } = session;
  return rest;
}

/** What was changed is not in what is shown yet: it is read again until it is. */
function Behind({ lag }: { readonly lag: TableLag }) {
  const queryClient = useQueryClient();
  const ms = useTableLag(lag);
  const isBehind = ms > 0;
  useEffect(() => {
    if (!isBehind) return undefined;
    const read = () => readNow(queryClient, { predicate: isOfView });
    const timer = setInterval(read, BEHIND_MS);
    return () => {
      clearInterval(timer);
      read();
    };
  }, [queryClient, isBehind]);
  if (!isBehind) return null;
  return (
    <p className="unreachable" role="status">
      The table is {formatDuration(ms)} behind the log: what you see of your last change may be as old.
    </p>
  );
}

function Unreachable() {
  return (
    <p className="unreachable" role="status">
      The API does not answer: what you see may be out of date. The page asks again by itself.
    </p>
  );
}
