import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { ReasonRequest } from './decodeReason.ts';
import { JobPath } from './jobIdOf.ts';
import { JobView } from './jobView.ts';

const ofBoth = {
  tag: 'jobs',
  path: JobPath,
  body: {
    required: false,
    content: jsonContent(ReasonRequest, { 'with a reason': { reason: 'not needed any more' } }),
  },
  answers: { 200: { description: 'The job after it.', headers: ['ETag'], content: jsonContent(JobView) } },
  problems: [
    'job-not-found',
    'illegal-transition',
    'job-changed',
    'log-unavailable',
    'history-unavailable',
    'log-overloaded',
    'deadline-exceeded',
  ],
} as const satisfies Partial<Operation>;

/** The operations that give one job a command. */
export const changeJobOperation = {
  CancelJob: {
    ...ofBoth,
    id: 'cancelJob',
    summary: 'Cancel a job',
    description:
      'Ends a job that has not ended; a running attempt is aborted. Cancelling a cancelled job changes nothing.',
  },
  RequeueJob: {
    ...ofBoth,
    id: 'retryJob',
    summary: 'Retry a job',
    description: 'Puts a failed or cancelled job back to `pending`, with a fresh budget of attempts.',
  },
} as const satisfies Record<string, Operation>;
