import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../apiDeps.ts';
import { requireScope } from '../auth/requireScope.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { createJobDocs } from '../jobs/create/createJob.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { createSchedule, deleteSchedule, patchSchedule, replaceSchedule } from './changeSchedule.ts';
import { getSchedule, getScheduleEvents, listSchedules, ScheduleEventsQuery, SchedulesQuery } from './readSchedules.ts';
import { ownSchedule, SchedulePath } from './schedulePath.ts';
import { RunScheduleRequest, runSchedule } from './runSchedule.ts';
import { ChangeScheduleRequest, CreateScheduleRequest, ReplaceScheduleRequest } from './scheduleRequest.ts';
import { ScheduleEventView, ScheduleView } from './scheduleView.ts';

const nextCursor = Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' });

const SchedulePage = Schema.Struct({ items: Schema.Array(ScheduleView), nextCursor }).annotate({
  identifier: 'SchedulePage',
});

const ScheduleEventPage = Schema.Struct({ items: Schema.Array(ScheduleEventView), nextCursor }).annotate({
  identifier: 'ScheduleEventPage',
});

const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;

const ofOne = ['schedule-unreadable', ...unavailable] as const;

const written = ['schedule-changed', 'log-overloaded', ...ofOne] as const;

const example = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', job: { type: 'report' } };

const schedule = { headers: ['ETag', 'Cache-Control'], content: jsonContent(ScheduleView) } as const;

const page = ['Link', 'Cache-Control'] as const;

const docs = {
  list: {
    id: 'listSchedules',
    tag: 'schedules',
    summary: 'List schedules',
    description: 'Sorted by name.',
    query: SchedulesQuery,
    responses: { 200: { description: 'A page of schedules.', headers: page, content: jsonContent(SchedulePage) } },
    problems: unavailable,
  },
  create: {
    id: 'createSchedule',
    tag: 'schedules',
    summary: 'Create a schedule',
    body: { required: true, content: jsonContent(CreateScheduleRequest, { nightly: { name: 'nightly', ...example } }) },
    responses: {
      201: { description: 'The schedule is active.', ...schedule, headers: ['Location', ...schedule.headers] },
    },
    problems: ['schedule-exists', ...written],
  },
  get: {
    id: 'getSchedule',
    tag: 'schedules',
    summary: 'Get a schedule',
    path: SchedulePath,
    responses: { 200: { description: 'The schedule, with its next ticks.', ...schedule } },
    problems: ['schedule-not-found', ...ofOne],
  },
  replace: {
    id: 'replaceSchedule',
    tag: 'schedules',
    summary: 'Replace a schedule',
    description: 'Replaces the whole definition.',
    path: SchedulePath,
    headers: ['If-Match'],
    body: { required: true, content: jsonContent(ReplaceScheduleRequest, { nightly: example }) },
    responses: { 200: { description: 'The changed schedule.', ...schedule } },
    problems: ['schedule-not-found', 'precondition-failed', ...written],
  },
  patch: {
    id: 'changeSchedule',
    tag: 'schedules',
    summary: 'Change a schedule',
    description:
      'Changes the fields that the body has, also those within `job` and `catchUp`; all others stay. The whole is checked as when it is replaced.',
    path: SchedulePath,
    headers: ['If-Match'],
    body: {
      required: true,
      content: jsonContent(ChangeScheduleRequest, {
        'disable it': { enabled: false, reason: 'the report is wrong' },
        'another payload': { job: { payload: { to: 'team@example.com' } } },
      }),
    },
    responses: { 200: { description: 'The changed schedule.', ...schedule } },
    problems: ['schedule-not-found', 'precondition-failed', ...written],
  },
  run: {
    ...createJobDocs,
    id: 'runSchedule',
    tag: 'schedules',
    summary: 'Run a schedule now',
    description:
      'Creates the job of a tick, at once, also while the schedule is disabled. Its ticks stay as they are. With an `Idempotency-Key`, the request can be repeated safely.',
    path: SchedulePath,
    body: {
      required: false,
      content: jsonContent(RunScheduleRequest, { 'with a reason': { reason: 'the first was late' } }),
    },
    problems: ['schedule-not-found', 'schedule-unreadable', ...(createJobDocs.problems ?? [])],
  },
  delete: {
    id: 'deleteSchedule',
    tag: 'schedules',
    summary: 'Delete a schedule',
    description: 'Its history and the jobs that it created remain.',
    path: SchedulePath,
    headers: ['If-Match'],
    responses: { 204: { description: 'The schedule is deleted.' } },
    problems: ['schedule-not-found', 'precondition-failed', ...written],
  },
  events: {
    id: 'getScheduleEvents',
    tag: 'schedules',
    summary: 'Get the history of a schedule',
    description: 'Newest first; also available after the schedule was deleted.',
    path: SchedulePath,
    query: ScheduleEventsQuery,
    responses: { 200: { description: 'A page of events.', headers: page, content: jsonContent(ScheduleEventPage) } },
    problems: ['schedule-not-found', ...ofOne],
  },
} as const satisfies Record<string, EndpointDocs>;

/** Routes under `/api/schedules`. */
export function scheduleRoutes(deps: ApiDeps): readonly Route[] {
  const [read, write] = [requireScope('jobs:read'), requireScope('schedules:write')];
  const own = ownSchedule(deps);
  const body = jsonBody({ required: true });
  return [
    {
      path: '/api/schedules',
      get: { docs: docs.list, handlers: [read, withinDeadline(listSchedules(deps))] },
      post: {
        docs: docs.create,
        handlers: [write, body, withinDeadline(createSchedule(deps))],
        audit: { action: 'schedule.create' },
      },
    },
    {
      path: '/api/schedules/:name',
      get: { docs: docs.get, handlers: [read, own, withinDeadline(getSchedule(deps))] },
      put: {
        docs: docs.replace,
        handlers: [write, own, body, withinDeadline(replaceSchedule(deps))],
        audit: { action: 'schedule.replace', subject: 'name' },
      },
      patch: {
        docs: docs.patch,
        handlers: [write, own, body, withinDeadline(patchSchedule(deps))],
        audit: { action: 'schedule.change', subject: 'name' },
      },
      delete: {
        docs: docs.delete,
        handlers: [write, own, withinDeadline(deleteSchedule(deps))],
        audit: { action: 'schedule.delete', subject: 'name' },
      },
    },
    runRoute(deps),
    {
      path: '/api/schedules/:name/events',
      get: { docs: docs.events, handlers: [read, own, withinDeadline(getScheduleEvents(deps))] },
    },
  ];
}

function runRoute(deps: ApiDeps): Route {
  const before = [requireScope('schedules:write'), ownSchedule(deps), jsonBody({ required: false })];
  return {
    path: '/api/schedules/:name/run',
    post: {
      docs: docs.run,
      handlers: [...before, withinDeadline(runSchedule(deps))],
      audit: { action: 'schedule.run', subject: 'name' },
    },
  };
}
