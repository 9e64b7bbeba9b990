import type { AnnouncedWorker } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { requireScope } from '../auth/requireScope.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { jsonContent, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';

const RunView = Schema.Struct({
  jobId: Schema.String,
  type: Schema.String,
  attempt: Schema.Int,
  runId: Schema.String.annotateKey({
    description: 'The id of its JobStarted, or of the JobResumed with which it goes on.',
  }),
  startedAt: Schema.String,
});

const BlockView = Schema.Struct({
  since: Schema.String,
  durationMs: Schema.Int,
  jobs: Schema.Array(Schema.Struct({ jobId: Schema.String, type: Schema.String, attempt: Schema.Int })).annotateKey({
    description: 'Jobs that ran meanwhile, at most 5 of each type.',
  }),
});

const WorkerView = Schema.Struct({
  worker: Schema.String.annotateKey({ description: 'The id of the process, unique to it.' }),
  live: Schema.Boolean.annotateKey({
    description: 'Whether it has sent a heartbeat within the last 12 seconds, and has not said that it ended.',
  }),
  stopping: Schema.optionalKey(Schema.Boolean).annotateKey({ description: 'Whether it takes no further jobs.' }),
  name: Schema.optionalKey(Schema.String).annotateKey({ description: 'What its program is called.' }),
  version: Schema.optionalKey(Schema.String).annotateKey({ description: 'The version of that program.' }),
  stoppedAt: Schema.optionalKey(Schema.String).annotateKey({
    description: 'When it ended in order. A worker that does not live and has none was lost.',
  }),
  host: Schema.String,
  pid: Schema.optionalKey(Schema.Int),
  runtime: Schema.optionalKey(Schema.String).annotateKey({ description: 'Library and platform.' }),
  startedAt: Schema.String,
  types: Schema.Array(Schema.String).annotateKey({ description: 'The job types that it runs.' }),
  runningCount: Schema.Int.annotateKey({ description: 'How many jobs it runs, as of its last heartbeat.' }),
  running: Schema.Array(RunView).annotateKey({ description: 'The oldest 100 of them.' }),
  blocked: Schema.optionalKey(Schema.Array(BlockView)).annotateKey({
    description:
      'When its event loop was blocked for a second or more while jobs ran, oldest first, as far as it has announced that: the last 10 times for each type, within a day.',
  }),
}).annotate({ identifier: 'Worker' });

const WorkerList = Schema.Struct({ items: Schema.Array(WorkerView) }).annotate({ identifier: 'WorkerList' });

const WorkerPath = Schema.Struct({ worker: Schema.String.check(Schema.isBetweenLength(1, 256)) });

const workerDocs = {
  list: {
    id: 'listWorkers',
    tag: 'workers',
    summary: 'List workers',
    description:
      'Sorted by id: those that live, with what they run, and those that are gone, for a day or until they are removed.',
    responses: { 200: { description: 'All workers.', headers: ['Cache-Control'], content: jsonContent(WorkerList) } },
  },
  remove: {
    id: 'removeWorker',
    tag: 'workers',
    summary: 'Remove a worker that is gone',
    description: 'Removes what it has announced. A worker that lives is back with its next heartbeat.',
    path: WorkerPath,
    responses: { 204: { description: 'It is removed.' } },
    problems: ['log-unavailable', 'table-unavailable', 'deadline-exceeded'],
  },
} as const satisfies Record<string, EndpointDocs>;

/** Routes under `/api/workers`. */
export function workerRoutes(deps: ApiDeps): readonly Route[] {
  const read = requireScope('jobs:read', { acrossTenants: true });
  const change = requireScope('admin', { acrossTenants: true });
  return [
    { path: '/api/workers', get: { docs: workerDocs.list, handlers: [read, listWorkers(deps)] } },
    {
      path: '/api/workers/:worker',
      delete: {
        docs: workerDocs.remove,
        handlers: [change, withinDeadline(removeWorker(deps))],
        audit: { action: 'worker.remove', subject: 'worker', required: true },
      },
    },
  ];
}

/** `GET /api/workers` */
function listWorkers({ announced }: ApiDeps): RequestHandler {
  return (_req, res) => {
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items: announced.workers().map(workerView) });
  };
}

/** `DELETE /api/workers/:worker`: may be repeated. */
function removeWorker({ log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    await log.announcements.removeWorker(String(req.params['worker']));
    res.statusCode = 204;
    res.end();
  };
}

function workerView(worker: AnnouncedWorker): BodyOf<typeof WorkerView> {
  const {
    live,
    stopping,
    stoppedAt,
    name,
    version,
    host,
    pid,
    runtime,
    startedAt,
    types,
    runningCount,
    running,
    blocked,
  } = worker;
  const runs = running.map(({ jobId, type, attempt, runId, startedAt: since }) => {
    return { jobId, type, attempt, runId, startedAt: since };
  });
  const program = { name, version, host, pid, runtime, startedAt };
  return { worker: worker.worker, live, stopping, stoppedAt, ...program, types, runningCount, running: runs, blocked };
}
