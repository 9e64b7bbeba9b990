import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { JobPath } from './jobIdOf.ts';
import { JobView } from './jobView.ts';

export const erasePayloadOperation: Operation = {
  id: 'erasePayload',
  tag: 'jobs',
  summary: 'Erase what a job is about',
  description:
    'Destroys the key with which payload, result and messages of the job are encrypted. They read as ' +
    '`{"shredded": true}` from then on, and texts as `shredded`; the history stays. It cannot be undone.',
  path: JobPath,
  answers: { 200: { description: 'The job without them.', headers: ['ETag'], content: jsonContent(JobView) } },
  problems: ['job-not-found', 'contents-in-clear', 'log-unavailable', 'history-unavailable', 'deadline-exceeded'],
};
