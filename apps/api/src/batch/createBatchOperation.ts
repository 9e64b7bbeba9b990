import { JobId, JobStatus } from '@jobstream/domain';
import { Schema } from 'effect';
import { CreateJobRequest } from '../jobs/createJobRequest.ts';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { MAX_BATCH_JOBS } from './batchRequest.ts';

/** The body of `POST /api/jobs/batch`; decoded job by job, so that each mistake has its place. */
const BatchRequest = Schema.Struct({
  jobs: Schema.Array(CreateJobRequest).check(Schema.isBetweenLength(1, MAX_BATCH_JOBS)),
});

/** The answer of `POST /api/jobs/batch`: the jobs in the order of the request. */
export const BatchView = Schema.Struct({
  jobs: Schema.Array(Schema.Struct({ id: JobId, status: JobStatus })),
}).annotate({ identifier: 'Batch' });

const examples = { 'two jobs': { jobs: [{ type: 'email' }, { type: 'email', delayMs: 60_000 }] } };

export const createBatchOperation: Operation = {
  id: 'createJobs',
  tag: 'many jobs',
  summary: 'Create up to 1,000 jobs, all or none',
  description: 'In one write to the log. An `Idempotency-Key` is for the batch as a whole. The body may have 8 MiB.',
  headers: ['Idempotency-Key'],
  body: { required: true, content: jsonContent(BatchRequest, examples) },
  answers: {
    201: { description: 'All jobs were created.', content: jsonContent(BatchView) },
    200: {
      description: 'The jobs that this `Idempotency-Key` made before, as they are now.',
      headers: ['Idempotent-Replayed'],
      content: jsonContent(BatchView),
    },
  },
  problems: ['idempotency-key-reused', 'log-unavailable', 'log-overloaded', 'table-unavailable', 'deadline-exceeded'],
};
