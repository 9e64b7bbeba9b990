import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router';
import { readAuditSearch } from '../audit/auditSearch.ts';
import { readJobPageSearch } from '../job/jobPageSearch.ts';
import { readJobSearch } from '../jobs/jobSearch.ts';
import { JobsView } from '../jobs/jobsView.tsx';
import { Overview } from '../overview/overview.tsx';
import { Failure } from '../parts/notes.tsx';
import { SchedulesView } from '../schedules/schedulesView.tsx';
import { TypesView } from '../jobTypes/typesView.tsx';
import { WorkersView } from '../workers/workersView.tsx';
import { Shell } from './shell.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <>
      <h1>There is no such view</h1>
      <p>
        <Link to="/">Overview</Link>
      </p>
    </>
  ),
});
const getParentRoute = () => root;
const overview = createRoute({ getParentRoute, path: '/', component: Overview });
const jobs = createRoute({ getParentRoute, path: '/jobs', component: JobsView, validateSearch: readJobSearch });
const job = createRoute({
  getParentRoute,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('../job/jobView.tsx'), 'JobView'),
  validateSearch: readJobPageSearch,
});
const types = createRoute({ getParentRoute, path: '/types', component: TypesView });
const workers = createRoute({ getParentRoute, path: '/workers', component: WorkersView });
const proof = createRoute({
  getParentRoute,
  path: '/proof',
  component: lazyRouteComponent(() => import('../proof/proofView.tsx'), 'ProofView'),
});
const schedules = createRoute({ getParentRoute, path: '/schedules', component: SchedulesView });
const audit = createRoute({
  getParentRoute,
  path: '/audit',
  component: lazyRouteComponent(() => import('../audit/auditView.tsx'), 'AuditView'),
  validateSearch: readAuditSearch,
});
const keys = createRoute({
  getParentRoute,
  path: '/keys',
  component: lazyRouteComponent(() => import('../apiKeys/keysView.tsx'), 'KeysView'),
});

/** Makes the router of the page: every view has an address. */
export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([overview, jobs, job, types, workers, schedules, audit, keys, proof]),
    basepath: '/dashboard',
    defaultErrorComponent: ({ error, reset }) => (
      <Failure error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    ),
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
