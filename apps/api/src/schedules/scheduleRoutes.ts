import { Router } from 'express';
import { addRoute } from '../http/addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { ownSchedule } from '../auth/ownSchedule.ts';
import { jsonBody } from '../http/jsonBody.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { createSchedule } from './createSchedule.ts';
import { deleteSchedule } from './deleteSchedule.ts';
import { getSchedule } from './getSchedule.ts';
import { getScheduleEvents } from './getScheduleEvents.ts';
import { listSchedules } from './listSchedules.ts';
import { replaceSchedule } from './replaceSchedule.ts';

/** Everything under `/api/schedules`. */
export function scheduleRoutes(deps: ApiDeps): Router {
  const router = Router();
  const [read, write] = [needs('jobs:read'), needs('schedules:write')];
  const own = ownSchedule(deps);
  const body = jsonBody({ required: true });
  addRoute(router, '/api/schedules', {
    get: [read, withinDeadline(listSchedules(deps))],
    post: [write, ...body, withinDeadline(createSchedule(deps))],
  });
  addRoute(router, '/api/schedules/:name', {
    get: [read, own, withinDeadline(getSchedule(deps))],
    put: [write, own, ...body, withinDeadline(replaceSchedule(deps))],
    delete: [write, own, withinDeadline(deleteSchedule(deps))],
  });
  addRoute(router, '/api/schedules/:name/events', { get: [read, own, withinDeadline(getScheduleEvents(deps))] });
  return router;
}
