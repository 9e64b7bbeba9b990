import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { StatsQuery } from './statsQuery.ts';
import { StatsView } from './statsView.ts';

export const getStatsOperation: Operation = {
  id: 'getStats',
  tag: 'jobs',
  summary: 'Count jobs and what waits',
  description:
    'By type and status. What is asked of the log is at most a second old. With `window` or `from` also what happened ' +
    'in that time, with durations that are at most 5 % off: by the minute up to 2 hours, by the hour up to 7 days, by ' +
    'the day beyond; minutes reach back 47 hours, hours 61 days.',
  query: StatsQuery,
  answers: {
    200: { description: 'The figures.', headers: ['Cache-Control'], content: jsonContent(StatsView) },
  },
  problems: ['invalid-parameter', 'table-unavailable', 'deadline-exceeded'],
};
