import { Schema } from 'effect';
import { jsonContent } from '../openapi/jsonContent.ts';
import type { Operation } from '../openapi/operation.ts';
import { BulkRequest } from './bulkRequest.ts';
import { BulkCount, BulkLine, BulkTally } from './bulkAnswers.ts';

const examples = {
  'how many there are': { type: 'email', tag: 'campaign-7', dryRun: true },
  'with a reason': { type: 'email', tag: 'campaign-7', reason: 'withdrawn', limit: 100_000 },
};

const ofBoth = {
  tag: 'many jobs',
  body: { required: true, content: jsonContent(BulkRequest, examples) },
  answers: {
    200: {
      description: 'What became of the jobs, or with `dryRun` how many there are; as NDJSON how far it has come, too.',
      content: {
        ...jsonContent(Schema.Union([BulkTally, BulkCount])),
        'application/x-ndjson': { item: BulkLine },
      },
    },
  },
  problems: ['table-unavailable', 'log-unavailable', 'log-overloaded', 'deadline-exceeded'],
} as const satisfies Partial<Operation>;

/** The operations that give all jobs of a filter a command. */
export const bulkChangeOperation = {
  CancelJob: {
    ...ofBoth,
    id: 'cancelJobs',
    summary: 'Cancel many jobs',
    description: 'Every job that a filter matches and that has not ended. Takes as long as it takes.',
  },
  RequeueJob: {
    ...ofBoth,
    id: 'retryJobs',
    summary: 'Retry many jobs',
    description: 'Every failed job that a filter matches; cancelled ones with `"status": "cancelled"`.',
  },
} as const satisfies Record<string, Operation>;
