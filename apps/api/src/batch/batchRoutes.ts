import type { ApiDeps } from '../apiDeps.ts';
import { needs } from '../auth/needs.ts';
import { noArrivalDeadline } from '../http/arrivalDeadline.ts';
import { jsonBody } from '../http/jsonBody.ts';
import type { Route } from '../http/route.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { importJobs } from '../import/importJobs.ts';
import { importJobsOperation } from '../import/importJobsOperation.ts';
import { MAX_BATCH_BYTES } from './batchRequest.ts';
import { createBatch } from './createBatch.ts';
import { createBatchOperation } from './createBatchOperation.ts';

/** Creating many jobs at once. These paths come before `/api/jobs/:id`, which would take them for ids. */
export function batchRoutes(deps: ApiDeps): readonly Route[] {
  const write = needs('jobs:write');
  const body = jsonBody({ required: true, maxBytes: MAX_BATCH_BYTES });
  return [
    {
      path: '/api/jobs/batch',
      post: { operation: createBatchOperation, handlers: [write, ...body, withinDeadline(createBatch(deps))] },
    },
    {
      path: '/api/jobs/import',
      post: { operation: importJobsOperation, handlers: [write, noArrivalDeadline, importJobs(deps)] },
    },
  ];
}
