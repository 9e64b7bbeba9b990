import { Schema } from 'effect';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { PauseRequest } from './pauseType.ts';
import { TypePath } from './typeOf.ts';
import { TypeView } from './typeView.ts';

const TypeList = Schema.Struct({ items: Schema.Array(TypeView) }).annotate({ identifier: 'JobTypeList' });
const unavailable = ['log-unavailable', 'deadline-exceeded'] as const;

export const typeOperations = {
  list: {
    id: 'listTypes',
    tag: 'job types',
    summary: 'List job types',
    description: 'By name: those that a worker has run or somebody has paused.',
    answers: { 200: { description: 'All of them.', headers: ['Cache-Control'], content: jsonContent(TypeList) } },
    problems: unavailable,
  },
  pause: {
    id: 'pauseType',
    tag: 'job types',
    summary: 'Pause a job type',
    description: 'No worker starts another attempt, for good or until a time; running attempts go on to their end.',
    path: TypePath,
    body: { required: false, content: jsonContent(PauseRequest, { 'for a while': { until: '2030-01-01T09:00:00Z' } }) },
    answers: { 200: { description: 'The type after it.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...unavailable],
  },
  resume: {
    id: 'resumeType',
    tag: 'job types',
    summary: 'Resume a job type',
    path: TypePath,
    answers: { 200: { description: 'The type after it.', content: jsonContent(TypeView) } },
    problems: ['type-not-found', ...unavailable],
  },
} as const satisfies Record<string, Operation>;
