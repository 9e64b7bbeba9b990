import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { requireScope } from '../auth/requireScope.ts';
import { noArrivalDeadline } from '../http/checks/arrivalDeadline.ts';
import { jsonBody } from '../http/parsing/jsonBody.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { ofTable } from '../http/tablePosition.ts';
import type { EndpointDocs } from '../routes/endpointDocs.ts';
import type { Endpoint, Route } from '../routes/route.ts';
import type { ChangeCommand } from './change/applyCommand.ts';
import { bulkChange, bulkChangeDocs } from './change/bulkChange.ts';
import { cancelJob, changeJobDocs, changePriority, retryJob, runJobNow } from './change/jobActions.ts';
import { erasePayload, erasePayloadDocs } from './change/erasePayload.ts';
import { rerunJob, rerunJobDocs } from './change/rerunJob.ts';
import { signalJob, signalJobDocs } from './change/signalJob.ts';
import { MAX_BATCH_BYTES } from './create/batchRequest.ts';
import { createBatch, createBatchDocs } from './create/createBatch.ts';
import { createJob, createJobDocs } from './create/createJob.ts';
import { importJobs, importJobsDocs } from './import/importJobs.ts';
import { operationRoutes } from './operations/operationRoutes.ts';
import { getAttemptLogs, getAttemptLogsDocs } from './logs/getAttemptLogs.ts';
import { compareJob, compareJobDocs } from './read/compareJob.ts';
import { requireOwnTenant } from './read/requireOwnTenant.ts';
import { getJob, getJobDocs } from './read/getJob.ts';
import { getJobEvents, getJobEventsDocs } from './read/getJobEvents.ts';
import { getJobSteps, getJobStepsDocs } from './read/getJobSteps.ts';
import { listJobs, listJobsDocs } from './read/listJobs.ts';
import { WaitingReasons } from './read/waitingReasons.ts';

const verbs = { CancelJob: 'cancel', RequeueJob: 'retry', ChangePriority: 'priority' } as const;

/** Routes under `/api/jobs`. */
export function jobRoutes(deps: ApiDeps): readonly Route[] {
  const [read, write] = [requireScope('jobs:read'), requireScope('jobs:write')];
  const reasons = new WaitingReasons(deps);
  const body = jsonBody({ required: true });
  return [
    // First, because the router tries one route after the other, and this one is asked for most.
    {
      path: '/api/jobs',
      get: {
        docs: listJobsDocs,
        handlers: [read, withinDeadline(ofTable(deps.tablePosition, listJobs(deps, reasons)))],
      },
      post: { docs: createJobDocs, handlers: [write, body, withinDeadline(createJob(deps))] },
    },
    ...batchRoutes(deps),
    ...operationRoutes(deps),
    { path: '/api/jobs/cancel', post: changeMany('CancelJob', deps) },
    { path: '/api/jobs/retry', post: changeMany('RequeueJob', deps) },
    { path: '/api/jobs/priority', post: changeMany('ChangePriority', deps) },
    ...readRoutes(deps, reasons),
    ...changeRoutes(deps),
  ];
}

/** Routes that read one job. */
function readRoutes(deps: ApiDeps, reasons: WaitingReasons): readonly Route[] {
  const [read, own] = [requireScope('jobs:read'), requireOwnTenant(deps)];
  return [
    { path: '/api/jobs/:id', get: { docs: getJobDocs, handlers: [read, own, getJob(deps, reasons)] } },
    {
      path: '/api/jobs/:id/events',
      get: { docs: getJobEventsDocs, handlers: [read, own, getJobEvents(deps)] },
    },
    {
      path: '/api/jobs/:id/steps',
      get: {
        docs: getJobStepsDocs,
        handlers: [read, own, withinDeadline(ofTable(deps.tablePosition, getJobSteps(deps)))],
      },
    },
    {
      path: '/api/jobs/:id/comparison',
      get: {
        docs: compareJobDocs,
        handlers: [read, own, withinDeadline(ofTable(deps.tablePosition, compareJob(deps)))],
      },
    },
    {
      path: '/api/jobs/:id/attempts/:attempt/logs',
      get: {
        docs: getAttemptLogsDocs,
        handlers: [requireScope('jobs:debug'), own, getAttemptLogs(deps)],
      },
    },
  ];
}

/** Routes that change one job, or make another of it. */
function changeRoutes(deps: ApiDeps): readonly Route[] {
  const before = [requireScope('jobs:write'), requireOwnTenant(deps), jsonBody({ required: false })];
  const change = (docs: EndpointDocs, action: string, handler: RequestHandler): Endpoint => ({
    docs,
    handlers: [...before, withinDeadline(handler)],
    audit: { action: `job.${action}`, subject: 'id' },
  });
  const { CancelJob, RequeueJob, RunJobNow, ChangePriority } = changeJobDocs;
  return [
    { path: '/api/jobs/:id/cancel', post: change(CancelJob, 'cancel', cancelJob(deps)) },
    { path: '/api/jobs/:id/retry', post: change(RequeueJob, 'retry', retryJob(deps)) },
    { path: '/api/jobs/:id/run-now', post: change(RunJobNow, 'run-now', runJobNow(deps)) },
    { path: '/api/jobs/:id/priority', post: change(ChangePriority, 'priority', changePriority(deps)) },
    { path: '/api/jobs/:id/rerun', post: change(rerunJobDocs, 'rerun', rerunJob(deps)) },
    { path: '/api/jobs/:id/signals/:name', post: change(signalJobDocs, 'signal', signalJob(deps)) },
    {
      path: '/api/jobs/:id/payload',
      delete: {
        docs: erasePayloadDocs,
        handlers: [requireScope('admin'), requireOwnTenant(deps), withinDeadline(erasePayload(deps))],
        audit: { action: 'job.erase', subject: 'id', required: true },
      },
    },
  ];
}

function changeMany(command: ChangeCommand['kind'], deps: ApiDeps): Endpoint {
  return {
    docs: bulkChangeDocs[command],
    handlers: [
      requireScope('jobs:write'),
      jsonBody({ required: true }),
      ofTable(deps.tablePosition, bulkChange(command, deps)),
    ],
    audit: { action: `jobs.${verbs[command]}`, hasDryRun: true, details: (request) => request },
  };
}

/** Routes that create many jobs. They precede `/api/jobs/:id`, which would match them. */
function batchRoutes(deps: ApiDeps): readonly Route[] {
  const write = requireScope('jobs:write');
  const body = jsonBody({ required: true, maxBytes: MAX_BATCH_BYTES });
  return [
    {
      path: '/api/jobs/batch',
      post: { docs: createBatchDocs, handlers: [write, body, withinDeadline(createBatch(deps))] },
    },
    {
      path: '/api/jobs/import',
      post: {
        docs: importJobsDocs,
        handlers: [write, noArrivalDeadline, importJobs(deps)],
        audit: { action: 'jobs.import' },
      },
    },
  ];
}
