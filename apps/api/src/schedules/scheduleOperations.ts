import { Schema } from 'effect';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { ScheduleEventsQuery, SchedulesQuery } from './pageQuery.ts';
import { SchedulePath } from './scheduleNameOf.ts';
import { CreateScheduleRequest, ReplaceScheduleRequest } from './scheduleRequest.ts';
import { ScheduleEventView, ScheduleView } from './scheduleView.ts';

const nextCursor = Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' });
const SchedulePage = Schema.Struct({ items: Schema.Array(ScheduleView), nextCursor }).annotate({
  identifier: 'SchedulePage',
});
const ScheduleEventPage = Schema.Struct({ items: Schema.Array(ScheduleEventView), nextCursor }).annotate({
  identifier: 'ScheduleEventPage',
});

const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;
const written = ['schedule-changed', 'log-unavailable', 'log-overloaded', 'deadline-exceeded'] as const;
const example = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', job: { type: 'report' } };
const schedule = { headers: ['ETag', 'Cache-Control'], content: jsonContent(ScheduleView) } as const;
const page = ['Link', 'Cache-Control'] as const;

export const scheduleOperations = {
  list: {
    id: 'listSchedules',
    tag: 'schedules',
    summary: 'List schedules',
    description: 'By name.',
    query: SchedulesQuery,
    answers: { 200: { description: 'A page of schedules.', headers: page, content: jsonContent(SchedulePage) } },
    problems: unavailable,
  },
  create: {
    id: 'createSchedule',
    tag: 'schedules',
    summary: 'Create a schedule',
    body: { required: true, content: jsonContent(CreateScheduleRequest, { nightly: { name: 'nightly', ...example } }) },
    answers: { 201: { description: 'It ticks from now on.', ...schedule, headers: ['Location', ...schedule.headers] } },
    problems: ['schedule-exists', ...written],
  },
  get: {
    id: 'getSchedule',
    tag: 'schedules',
    summary: 'Show a schedule',
    path: SchedulePath,
    answers: { 200: { description: 'The schedule, with its next ticks.', ...schedule } },
    problems: ['schedule-not-found', ...unavailable],
  },
  replace: {
    id: 'replaceSchedule',
    tag: 'schedules',
    summary: 'Replace a schedule',
    description: 'The whole definition anew.',
    path: SchedulePath,
    headers: ['If-Match'],
    body: { required: true, content: jsonContent(ReplaceScheduleRequest, { nightly: example }) },
    answers: { 200: { description: 'The schedule after it.', ...schedule } },
    problems: ['schedule-not-found', 'precondition-failed', ...written],
  },
  delete: {
    id: 'deleteSchedule',
    tag: 'schedules',
    summary: 'Delete a schedule',
    description: 'Its history stays, and so do the jobs that it created.',
    path: SchedulePath,
    headers: ['If-Match'],
    answers: { 204: { description: 'It ticks no more.' } },
    problems: ['schedule-not-found', 'precondition-failed', ...written],
  },
  events: {
    id: 'getScheduleEvents',
    tag: 'schedules',
    summary: 'Show what happened to a schedule',
    description: 'Newest first, also after it was deleted.',
    path: SchedulePath,
    query: ScheduleEventsQuery,
    answers: { 200: { description: 'A page of events.', headers: page, content: jsonContent(ScheduleEventPage) } },
    problems: ['schedule-not-found', ...unavailable],
  },
} as const satisfies Record<string, Operation>;
