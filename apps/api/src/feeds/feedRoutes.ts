import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { getStats } from '../stats/getStats.ts';
import { getStatsOperation } from '../stats/getStatsOperation.ts';
import { getEvents } from './getEvents.ts';
import { getEventsOperation } from './getEventsOperation.ts';

/** What concerns all jobs: what happens to them, and how many there are. */
export function feedRoutes(deps: ApiDeps): readonly Route[] {
  const read = needs('jobs:read');
  return [
    { path: '/api/events', get: { operation: getEventsOperation, handlers: [read, getEvents(deps)] } },
    { path: '/api/stats', get: { operation: getStatsOperation, handlers: [read, withinDeadline(getStats(deps))] } },
  ];
}
