import { AccessDeniedError, type JobstreamClient } from '@jobstream/client';
import { QueryCache, QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { DashboardContext } from '../live/dashboardContext.ts';
import { LiveFeed } from '../live/liveFeed.ts';
import { Failure } from '../parts/notes.tsx';
import { Login } from '../session/login.tsx';
import { readSession, SessionContext } from '../session/session.ts';
import { makeRouter } from './router.tsx';

const SESSION = ['session'];

/** Makes the whole page. */
export function makeDashboard(client: JobstreamClient) {
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
    defaultOptions: { queries: { retry: false } },
  });
  return (
    <QueryClientProvider client={queryClient}>
      <DashboardContext value={{ client, feed }}>
        <Gate router={router} />
      </DashboardContext>
    </QueryClientProvider>
  );
}

/** The views for those who may see them; the login for the others. */
function Gate({ router }: { readonly router: ReturnType<typeof makeRouter> }) {
  const { data, error, refetch } = useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: Infinity });
  if (data === null) return <Login onLogin={() => void refetch()} />;
  if (data !== undefined) {
    return (
      <SessionContext value={data}>
        <RouterProvider router={router} />
      </SessionContext>
    );
  }
  return error === null ? null : <Failure error={error} onRetry={() => void refetch()} />;
}
