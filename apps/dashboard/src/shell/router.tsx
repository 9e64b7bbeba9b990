import {
  createRootRoute,
  createRoute,
  createRouter,
  defaultStringifySearch,
  type ErrorComponentProps,
  Link,
  redirect,
  useRouter,
} from '@tanstack/react-router';
import { readAuditSearch } from '../audit/auditSearch.ts';
import { readJobPageSearch } from '../job/jobPageSearch.ts';
import { type FailureSearch, readFailureSearch } from '../failures/failureSearch.ts';
import { readJobSearch } from '../jobs/jobSearch.ts';
import { readOperationAddress } from '../jobs/operationSearch.ts';
import { readPastSearch } from '../past/pastSearch.ts';
import { Failure } from '../parts/notes.tsx';
import { type Address, only } from './addressParts.ts';
import { lazyView } from './lazyView.ts';
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
const overview = createRoute({
  getParentRoute,
  path: '/',
  component: lazyView(() => import('../overview/overview.tsx'), 'Overview'),
  validateSearch: only(readPastSearch),
});
const jobs = createRoute({
  getParentRoute,
  path: '/jobs',
  component: lazyView(() => import('../jobs/jobsView.tsx'), 'JobsView'),
  validateSearch: only(readJobSearch),
});
const job = createRoute({
  getParentRoute,
  path: '/jobs/$id',
  component: lazyView(() => import('../job/jobView.tsx'), 'JobView'),
  validateSearch: only(readJobPageSearch),
});
const compareLast = createRoute({
  getParentRoute,
  path: '/jobs/$id/compare',
  component: lazyView(() => import('../comparison/compareView.tsx'), 'CompareView'),
  validateSearch: only(nothing),
});
const compare = createRoute({
  getParentRoute,
  path: '/jobs/$id/compare/$other',
  component: lazyView(() => import('../comparison/compareView.tsx'), 'CompareView'),
  validateSearch: only(nothing),
});
const edit = createRoute({
  getParentRoute,
  path: '/jobs/$id/edit',
  component: lazyView(() => import('../editing/editView.tsx'), 'EditView'),
  validateSearch: only(readJobSearch),
});
/** An address of earlier releases. */
const deadLetters = createRoute({
  getParentRoute,
  path: '/dead-letters',
  validateSearch: only(readDeadLetterSearch),
  beforeLoad: ({ search }) => redirect({ to: '/failures', search, replace: true, throw: true }),
});
const failures = createRoute({
  getParentRoute,
  path: '/failures',
  component: lazyView(() => import('../failures/failuresView.tsx'), 'FailuresView'),
  validateSearch: only(readFailureSearch),
});
const operations = createRoute({
  getParentRoute,
  path: '/operations',
  component: lazyView(() => import('../operations/operationsView.tsx'), 'OperationsView'),
  validateSearch: only(nothing),
});
const newOperation = createRoute({
  getParentRoute,
  path: '/operations/new',
  component: lazyView(() => import('../operations/newOperationView.tsx'), 'NewOperationView'),
  validateSearch: only(readOperationAddress),
});
const operation = createRoute({
  getParentRoute,
  path: '/operations/$id',
  component: lazyView(() => import('../operations/operationView.tsx'), 'OperationView'),
  validateSearch: only(nothing),
});
const types = createRoute({
  getParentRoute,
  path: '/types',
  component: lazyView(() => import('../jobTypes/typesView.tsx'), 'TypesView'),
  validateSearch: only(nothing),
});
const type = createRoute({
  getParentRoute,
  path: '/types/$type',
  component: lazyView(() => import('../jobTypes/typeView.tsx'), 'TypeView'),
  validateSearch: only(nothing),
});
const workers = createRoute({
  getParentRoute,
  path: '/workers',
  component: lazyView(() => import('../workers/workersView.tsx'), 'WorkersView'),
  validateSearch: only(nothing),
});
const proof = createRoute({
  getParentRoute,
  path: '/proof',
  component: lazyView(() => import('../proof/proofView.tsx'), 'ProofView'),
  validateSearch: only(nothing),
});
const schedules = createRoute({
  getParentRoute,
  path: '/schedules',
  component: lazyView(() => import('../schedules/schedulesView.tsx'), 'SchedulesView'),
  validateSearch: only(nothing),
});
const audit = createRoute({
  getParentRoute,
  path: '/audit',
  component: lazyView(() => import('../audit/auditView.tsx'), 'AuditView'),
  validateSearch: only(readAuditSearch),
});
const keys = createRoute({
  getParentRoute,
  path: '/keys',
  component: lazyView(() => import('../apiKeys/keysView.tsx'), 'KeysView'),
  validateSearch: only(nothing),
});

function readDeadLetterSearch(address: Address): FailureSearch {
  return readFailureSearch({ ...address, show: 'dead-letters' });
}

function nothing(): object {
  return {};
}

/** A view that failed; it is also loaded again. */
function Failed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const again = () => void router.invalidate().then(reset);
  return <Failure error={error instanceof Error ? error : new Error(String(error))} onRetry={again} />;
}

/** Makes the router of the page: every view has an address. */
export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([
      overview,
      jobs,
      job,
      compareLast,
      compare,
      edit,
      failures,
      deadLetters,
      operations,
      newOperation,
      operation,
      types,
      type,
      workers,
      schedules,
      audit,
      keys,
      proof,
    ]),
    basepath: '/dashboard',
    stringifySearch,
    defaultErrorComponent: Failed,
    scrollRestoration: true,
  });
}

/** Writes the state of an address: lists of texts as repeated names, as the API takes them, and the rest as the router does. */
function stringifySearch(search: Record<string, unknown>): string {
  const lists = Object.entries(search).filter(([, value]) => Array.isArray(value));
  const rest = Object.fromEntries(Object.entries(search).filter(([, value]) => !Array.isArray(value)));
  const query = new URLSearchParams(defaultStringifySearch(rest));
  for (const [name, values] of lists) {
    for (const value of values as readonly unknown[]) query.append(name, String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
