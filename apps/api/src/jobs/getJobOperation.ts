import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { JobPath } from './jobIdOf.ts';
import { JobQuery } from './jobQuery.ts';
import { JobView } from './jobView.ts';

export const getJobOperation: Operation = {
  id: 'getJob',
  tag: 'jobs',
  summary: 'Show a job',
  description: 'As it is now, as it was (`asOf`), when it has a version (`minVersion`), or when it has ended (`wait`).',
  path: JobPath,
  query: JobQuery,
  headers: ['If-None-Match'],
  answers: {
    200: { description: 'The job.', headers: ['ETag', 'Cache-Control'], content: jsonContent(JobView) },
    304: { description: 'You have this version.', headers: ['ETag', 'Cache-Control'] },
  },
  problems: [
    'job-not-found',
    'version-not-reached',
    'log-unavailable',
    'history-unavailable',
    'deadline-exceeded',
    'too-many-feeds',
    'stopping',
  ],
};
