import { Router } from 'express';
import { addRoute } from '../addRoute.ts';
import type { ApiDeps } from '../apiDeps.ts';
import { jsonBody } from '../jsonBody.ts';
import { withinDeadline } from '../withinDeadline.ts';
import { createSchedule } from './createSchedule.ts';
import { deleteSchedule } from './deleteSchedule.ts';
import { getSchedule } from './getSchedule.ts';
import { getScheduleEvents } from './getScheduleEvents.ts';
import { listSchedules } from './listSchedules.ts';
import { replaceSchedule } from './replaceSchedule.ts';

/** Everything under `/api/schedules`. */
export function scheduleRoutes(deps: ApiDeps): Router {
  const router = Router();
  const body = jsonBody({ required: true });
  addRoute(router, '/api/schedules', {
    get: [withinDeadline(listSchedules(deps))],
    post: [...body, withinDeadline(createSchedule(deps))],
  });
  addRoute(router, '/api/schedules/:name', {
    get: [withinDeadline(getSchedule(deps))],
    put: [...body, withinDeadline(replaceSchedule(deps))],
    delete: [withinDeadline(deleteSchedule(deps))],
  });
  addRoute(router, '/api/schedules/:name/events', { get: [withinDeadline(getScheduleEvents(deps))] });
  return router;
}
