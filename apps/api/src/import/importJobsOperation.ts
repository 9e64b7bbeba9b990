import { Schema } from 'effect';
import { CreateJobRequest } from '../jobs/createJobRequest.ts';
import type { Operation } from '../openapi/operation.ts';
import { requestHeaders } from '../openapi/requestHeaders.ts';
import { ImportAnswer } from './importOutcome.ts';

/** A line of an import: what a single request has as body and header. */
const ImportLine = Schema.Struct({
  ...CreateJobRequest.fields,
  idempotencyKey: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(new RegExp(requestHeaders['Idempotency-Key'].schema.pattern, 'u'))),
  ).annotateKey({ description: 'As the header of a single request.' }),
});

export const importJobsOperation: Operation = {
  id: 'importJobs',
  tag: 'many jobs',
  summary: 'Create any number of jobs, a line each',
  description:
    'The answer has a line for each line, in the same order, as soon as its job is safely in the log, and a summary at the end. Read while you write. A line may have 320 KiB.',
  body: { required: true, content: { 'application/x-ndjson': { item: ImportLine } } },
  answers: {
    200: {
      description: 'An outcome for each line, and a summary.',
      headers: ['Cache-Control'],
      content: { 'application/x-ndjson': { item: ImportAnswer } },
    },
  },
  problems: ['too-many-feeds', 'stopping'],
};
