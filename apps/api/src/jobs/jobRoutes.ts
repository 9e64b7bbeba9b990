import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { ownJob } from '../auth/ownJob.ts';
import { bulkChange } from '../bulk/bulkChange.ts';
import { bulkChangeOperation } from '../bulk/bulkChangeOperation.ts';
import { jsonBody } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { changeJobOperation } from './changeJobOperation.ts';
import { createJob } from './createJob.ts';
import { createJobOperation } from './createJobOperation.ts';
import { erasePayload } from './erasePayload.ts';
import { erasePayloadOperation } from './erasePayloadOperation.ts';
import { getJob } from './getJob.ts';
import { getJobEvents } from './getJobEvents.ts';
import { getJobEventsOperation } from './getJobEventsOperation.ts';
import { getJobOperation } from './getJobOperation.ts';
import { listJobs } from './listJobs.ts';
import { listJobsOperation } from './listJobsOperation.ts';
import { postChange } from './postChange.ts';

/** Everything under `/api/jobs`. */
export function jobRoutes(deps: ApiDeps): readonly Route[] {
  const [read, write] = [needs('jobs:read'), needs('jobs:write')];
  const own = ownJob(deps);
  const body = jsonBody({ required: true });
  const reason = jsonBody({ required: false });
  const change = (command: keyof typeof changeJobOperation) => ({
    operation: changeJobOperation[command],
    handlers: [write, own, ...reason, withinDeadline(postChange(command, deps))],
  });
  const changeMany = (command: keyof typeof changeJobOperation) => ({
    operation: bulkChangeOperation[command],
    handlers: [write, ...body, bulkChange(command, deps)],
  });
  return [
    {
      path: '/api/jobs',
      get: { operation: listJobsOperation, handlers: [read, withinDeadline(listJobs(deps))] },
      post: { operation: createJobOperation, handlers: [write, ...body, withinDeadline(createJob(deps))] },
    },
    { path: '/api/jobs/cancel', post: changeMany('CancelJob') },
    { path: '/api/jobs/retry', post: changeMany('RequeueJob') },
    { path: '/api/jobs/:id', get: { operation: getJobOperation, handlers: [read, own, getJob(deps)] } },
    {
      path: '/api/jobs/:id/events',
      get: { operation: getJobEventsOperation, handlers: [read, own, getJobEvents(deps)] },
    },
    {
      path: '/api/jobs/:id/payload',
      delete: { operation: erasePayloadOperation, handlers: [needs('admin'), own, withinDeadline(erasePayload(deps))] },
    },
    { path: '/api/jobs/:id/cancel', post: change('CancelJob') },
    { path: '/api/jobs/:id/retry', post: change('RequeueJob') },
  ];
}
