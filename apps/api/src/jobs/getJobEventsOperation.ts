import { Schema } from 'effect';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { CloudEvent } from './cloudEvent.ts';
import { JobEventView } from './jobEventView.ts';
import { JobPath } from './jobIdOf.ts';

/** The answer of `GET /api/jobs/:id/events`. */
const JobHistory = Schema.Struct({ items: Schema.Array(JobEventView) }).annotate({ identifier: 'JobHistory' });

export const getJobEventsOperation: Operation = {
  id: 'getJobEvents',
  tag: 'events',
  summary: 'Show what happened to a job',
  description:
    'Oldest first, from the log. As `text/event-stream` the history is followed by what happens, until the job ends.',
  path: JobPath,
  headers: ['Last-Event-ID'],
  answers: {
    200: {
      description: 'The events of the job.',
      headers: ['Cache-Control'],
      content: {
        ...jsonContent(JobHistory),
        'application/cloudevents-batch+json': { schema: Schema.Array(CloudEvent) },
        'text/event-stream': { item: JobEventView },
      },
    },
    204: { description: 'As a stream: the job has ended, and you have seen all. Do not come back.' },
  },
  problems: [
    'job-not-found',
    'log-unavailable',
    'history-unavailable',
    'deadline-exceeded',
    'too-many-feeds',
    'stopping',
  ],
};
