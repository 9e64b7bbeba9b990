import { JobEventView } from '../jobs/jobEventView.ts';
import type { Operation } from '../openapi/operation.ts';
import { FeedQuery } from './feedQuery.ts';

export const getEventsOperation: Operation = {
  id: 'followEvents',
  tag: 'events',
  summary: 'Follow what happens to all jobs',
  description:
    'A live feed. The `id` of an event is its place in the log; with `Last-Event-ID` a feed goes on after it without a gap or a double, on any process. Every 15 s there is a comment and the present position.',
  query: FeedQuery,
  headers: ['Last-Event-ID'],
  answers: {
    200: {
      description: 'Events as they happen, until either side ends it.',
      headers: ['Cache-Control'],
      content: { 'text/event-stream': { item: JobEventView } },
    },
  },
  problems: ['log-unavailable', 'too-many-feeds', 'stopping'],
};
