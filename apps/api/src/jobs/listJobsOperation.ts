import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { JobPage } from './jobPage.ts';
import { ListJobsQuery } from './listJobsQuery.ts';

export const listJobsOperation: Operation = {
  id: 'listJobs',
  tag: 'jobs',
  summary: 'List jobs, newest first',
  description: 'All parameters can be combined. Jobs that arrive meanwhile do not disturb the pages that follow.',
  query: ListJobsQuery,
  answers: {
    200: { description: 'A page of jobs.', headers: ['Link', 'Cache-Control'], content: jsonContent(JobPage) },
  },
  problems: ['table-unavailable', 'deadline-exceeded'],
};
