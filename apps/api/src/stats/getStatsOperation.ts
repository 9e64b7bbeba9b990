import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { StatsView } from './statsView.ts';

export const getStatsOperation: Operation = {
  id: 'getStats',
  tag: 'jobs',
  summary: 'Count jobs and what waits',
  description: 'By type and status. What is asked of the log is at most a second old.',
  answers: {
    200: { description: 'The figures.', headers: ['Cache-Control'], content: jsonContent(StatsView) },
  },
  problems: ['table-unavailable', 'deadline-exceeded'],
};
