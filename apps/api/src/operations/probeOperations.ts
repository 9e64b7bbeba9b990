import { Schema } from 'effect';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { LiveView, ReadyView } from './healthView.ts';

/** What the answer of `GET /` has: where to go from here. */
export const RootView = Schema.Struct({
  name: Schema.Literal('jobstream'),
  documentation: Schema.String,
  openapi: Schema.String,
  jobs: Schema.String,
  schedules: Schema.String,
  live: Schema.String,
  ready: Schema.String,
  metrics: Schema.String,
}).annotate({ identifier: 'Root' });

/** For those who watch the process rather than the jobs. */
export const probeOperations = {
  root: {
    id: 'getRoot',
    tag: 'operations',
    summary: 'Say what this is',
    answers: { 200: { description: 'Where to go from here.', content: jsonContent(RootView) } },
  },
  live: {
    id: 'getLive',
    tag: 'operations',
    summary: 'Tell whether the process answers',
    description: '`/livez` is the same.',
    answers: { 200: { description: 'It does.', headers: ['Cache-Control'], content: jsonContent(LiveView) } },
  },
  ready: {
    id: 'getReady',
    tag: 'operations',
    summary: 'Tell whether the process should get requests',
    description: '`/readyz` is the same.',
    answers: {
      200: { description: 'It should.', headers: ['Cache-Control'], content: jsonContent(ReadyView) },
      503: {
        description: 'A part is down, or the process is about to stop.',
        headers: ['Cache-Control'],
        content: jsonContent(ReadyView),
      },
    },
  },
  metrics: {
    id: 'getMetrics',
    tag: 'operations',
    summary: 'Show the figures of this process',
    answers: {
      200: {
        description: 'As Prometheus reads them.',
        headers: ['Cache-Control'],
        content: { 'text/plain': {} },
      },
    },
  },
} as const satisfies Record<string, Operation>;
