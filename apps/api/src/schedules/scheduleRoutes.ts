import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { ownSchedule } from '../auth/ownSchedule.ts';
import { jsonBody } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { createSchedule } from './createSchedule.ts';
import { deleteSchedule } from './deleteSchedule.ts';
import { getSchedule } from './getSchedule.ts';
import { getScheduleEvents } from './getScheduleEvents.ts';
import { listSchedules } from './listSchedules.ts';
import { replaceSchedule } from './replaceSchedule.ts';
import { scheduleOperations as operations } from './scheduleOperations.ts';

/** Everything under `/api/schedules`. */
export function scheduleRoutes(deps: ApiDeps): readonly Route[] {
  const [read, write] = [needs('jobs:read'), needs('schedules:write')];
  const own = ownSchedule(deps);
  const body = jsonBody({ required: true });
  return [
    {
      path: '/api/schedules',
      get: { operation: operations.list, handlers: [read, withinDeadline(listSchedules(deps))] },
      post: { operation: operations.create, handlers: [write, ...body, withinDeadline(createSchedule(deps))] },
    },
    {
      path: '/api/schedules/:name',
      get: { operation: operations.get, handlers: [read, own, withinDeadline(getSchedule(deps))] },
      put: { operation: operations.replace, handlers: [write, own, ...body, withinDeadline(replaceSchedule(deps))] },
      delete: { operation: operations.delete, handlers: [write, own, withinDeadline(deleteSchedule(deps))] },
    },
    {
      path: '/api/schedules/:name/events',
      get: { operation: operations.events, handlers: [read, own, withinDeadline(getScheduleEvents(deps))] },
    },
  ];
}
