import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../../apiDeps.ts';
import type { AuditedChange } from '../../audit/auditedChange.ts';
import { requireScope } from '../../auth/requireScope.ts';
import { jsonBody } from '../../http/parsing/jsonBody.ts';
import { withinDeadline } from '../../http/withinDeadline.ts';
import { ofTable, positionParameter } from '../../http/tablePosition.ts';
import { jsonContent, type EndpointDocs } from '../../routes/endpointDocs.ts';
import type { Route } from '../../routes/route.ts';
import { acceptOperation } from './acceptOperation.ts';
import { withoutValues } from './operationContents.ts';
import { OperationRequest, ReplayRequest } from './operationRequest.ts';
import { OperationCount, OperationJobView, OperationView, ReplacedValuesView } from './operationView.ts';
import { getReplacedValues } from './replacedValues.ts';
import {
  getOperation,
  getOperationJobs,
  listOperations,
  OperationJobsQuery,
  OperationPath,
  OperationsQuery,
  steerOperation,
} from './steerOperation.ts';

const nextCursor = Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' });
const OperationPage = Schema.Struct({ items: Schema.Array(OperationView), nextCursor }).annotate({
  identifier: 'OperationPage',
});
const OperationJobPage = Schema.Struct({ items: Schema.Array(OperationJobView), nextCursor }).annotate({
  identifier: 'OperationJobPage',
});

const unavailable = ['table-unavailable', 'deadline-exceeded'] as const;

const replay = { filter: { type: 'email', status: 'failed' }, patch: { from: 'new@example.com' }, rate: 50 };

const accepted = {
  tag: 'many jobs',
  query: Schema.Struct(positionParameter),
  headers: ['Idempotency-Key'],
  responses: {
    202: {
      description: 'The operation is accepted, and its jobs are fixed.',
      headers: ['Location', 'Cache-Control'],
      content: jsonContent(OperationView),
    },
    200: {
      description:
        'With `dryRun` the number of matching jobs; or what an earlier request with this `Idempotency-Key` made.',
      content: jsonContent(Schema.Union([OperationView, OperationCount])),
    },
  },
  problems: [
    'idempotency-key-reused',
    'too-many-operations',
    'query-too-expensive',
    'table-unavailable',
    'log-unavailable',
  ],
} as const satisfies Partial<EndpointDocs>;

const ofOne = {
  tag: 'many jobs',
  path: OperationPath,
  responses: {
    200: { description: 'The operation.', headers: ['Cache-Control'], content: jsonContent(OperationView) },
  },
} as const satisfies Partial<EndpointDocs>;

const steered = { ...ofOne, problems: ['operation-not-found', 'operation-ended', ...unavailable] } as const;

const docs = {
  replay: {
    ...accepted,
    id: 'replayJobs',
    summary: 'Replay many jobs',
    description:
      'Creates a job for every job that matches the filter and has ended, with its type, settings and payload, which may be patched. Goes on in the background, also after a restart, and creates each job once.',
    body: { required: true, content: jsonContent(ReplayRequest, { 'with a patch': replay }) },
  },
  accept: {
    ...accepted,
    id: 'createOperation',
    summary: 'Cancel, retry or replay many jobs in the background',
    description:
      'The jobs are those that match the filter now. A retry may patch their payloads as well. At most 20 operations may be under way.',
    body: { required: true, content: jsonContent(OperationRequest, { replay: { kind: 'replay', ...replay } }) },
  },
  list: {
    id: 'listOperations',
    tag: 'many jobs',
    summary: 'List operations, newest first',
    description: 'Those that ended more than 30 days ago are removed.',
    query: OperationsQuery,
    responses: {
      200: {
        description: 'A page of operations.',
        headers: ['Link', 'Cache-Control'],
        content: jsonContent(OperationPage),
      },
    },
    problems: unavailable,
  },
  get: {
    ...ofOne,
    id: 'getOperation',
    summary: 'Get an operation',
    description: 'How far it is.',
    problems: ['operation-not-found', ...unavailable],
  },
  jobs: {
    id: 'getOperationJobs',
    tag: 'many jobs',
    summary: 'List the jobs of an operation',
    description: 'With what became of each, in the order in which they are processed: the oldest first.',
    path: OperationPath,
    query: OperationJobsQuery,
    responses: {
      200: {
        description: 'A page of jobs.',
        headers: ['Link', 'Cache-Control'],
        content: jsonContent(OperationJobPage),
      },
    },
    problems: ['operation-not-found', ...unavailable],
  },
  replaced: {
    id: 'getReplacedValues',
    tag: 'many jobs',
    summary: 'Compare what a patch would replace',
    description:
      'What the jobs of an operation have in each field that its patch sets to one value: many different values are seldom meant to become one. Edits replace nothing.',
    path: OperationPath,
    responses: {
      200: {
        description: 'The values that would be replaced.',
        headers: ['Cache-Control'],
        content: jsonContent(ReplacedValuesView),
      },
    },
    problems: ['operation-not-found', 'operation-ended', 'query-too-expensive', 'log-unavailable', ...unavailable],
  },
  pause: {
    ...steered,
    id: 'pauseOperation',
    summary: 'Pause an operation',
    description: 'It stops within a second.',
  },
  resume: { ...steered, id: 'resumeOperation', summary: 'Resume an operation' },
  cancel: {
    ...steered,
    id: 'cancelOperation',
    summary: 'Cancel an operation',
    description: 'What it has done remains.',
  },
} as const satisfies Record<string, EndpointDocs>;

/** Routes of operations on many jobs. They precede `/api/jobs/:id`, which would match one of them. */
export function operationRoutes(deps: ApiDeps): readonly Route[] {
  const [read, write] = [requireScope('jobs:read'), requireScope('jobs:write')];
  const body = jsonBody({ required: true });
  const accept = (kind?: 'replay') => ofTable(deps.tablePosition, acceptOperation(deps, kind));
  const steer = (step: 'pause' | 'resume' | 'cancel') => ({
    docs: docs[step],
    handlers: [write, withinDeadline(steerOperation(step, deps))],
    audit: { action: `operation.${step}`, subject: 'id', required: true } as const,
  });
  return [
    {
      path: '/api/jobs/replay',
      post: { docs: docs.replay, handlers: [write, body, accept('replay')], audit: creation },
    },
    {
      path: '/api/operations',
      get: { docs: docs.list, handlers: [read, withinDeadline(listOperations(deps))] },
      post: { docs: docs.accept, handlers: [write, body, accept()], audit: creation },
    },
    {
      path: '/api/operations/:id',
      get: { docs: docs.get, handlers: [read, withinDeadline(getOperation(deps))] },
    },
    {
      path: '/api/operations/:id/jobs',
      get: { docs: docs.jobs, handlers: [read, withinDeadline(getOperationJobs(deps))] },
    },
    {
      path: '/api/operations/:id/replaced',
      get: { docs: docs.replaced, handlers: [read, withinDeadline(getReplacedValues(deps))] },
    },
    ...(['pause', 'resume', 'cancel'] as const).map((step) => ({
      path: `/api/operations/:id/${step}`,
      post: steer(step),
    })),
  ];
}

/** A patch, an edit and a search may have what the payloads have, which is none of the audit log's business. */
const creation: AuditedChange = {
  action: 'operation.create',
  required: true,
  hasDryRun: true,
  details: withoutContents,
};

function withoutContents(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const { patch, edits, ...rest } = body as Readonly<Record<'patch' | 'edits' | 'filter', unknown>>;
  const filter = 'filter' in rest ? { filter: withoutValues(rest.filter) } : {};
  const isPatched = patch !== undefined || edits !== undefined;
  return { ...rest, ...filter, ...(isPatched ? { patched: true } : {}) };
}
