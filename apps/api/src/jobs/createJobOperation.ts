import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { CreateJobRequest } from './createJobRequest.ts';
import { CreatedJobView } from './jobView.ts';

const examples = {
  'at once': { type: 'email', payload: { to: 'user@example.com' } },
  'in an hour, three attempts': { type: 'email', delayMs: 3_600_000, maxAttempts: 3, tags: ['campaign-7'] },
};

export const createJobOperation: Operation = {
  id: 'createJob',
  tag: 'jobs',
  summary: 'Create a job',
  description:
    'The answer comes when the job is safely in the event log. Send an `Idempotency-Key` and repeat the request as often as you like: there will be one job.',
  headers: ['Idempotency-Key'],
  body: { required: true, content: jsonContent(CreateJobRequest, examples) },
  answers: {
    201: { description: 'The job was created.', headers: ['Location'], content: jsonContent(CreatedJobView) },
    200: {
      description: 'The job that this `Idempotency-Key` made before, as it is now.',
      headers: ['Location', 'Idempotent-Replayed'],
      content: jsonContent(CreatedJobView),
    },
  },
  problems: [
    'idempotency-key-reused',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'table-unavailable',
    'deadline-exceeded',
  ],
};
