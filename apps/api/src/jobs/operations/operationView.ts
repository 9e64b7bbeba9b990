import { Actor, JobId, JobStatus, JobType, Tenant, Timestamp } from '@jobstream/domain';
import {
  type JobOperation,
  jobOutcomes,
  type ListedOperationJob,
  type OutcomeReason,
  operationKinds,
  operationStatuses,
} from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';

/** Why jobs of an operation were not changed. */
const OutcomeReasonView = Schema.Struct({
  outcome: Schema.Literals(['skipped', 'failed']),
  reason: Schema.String,
  count: Schema.Int,
}).annotate({ identifier: 'OutcomeReason' });

/** An operation as clients see it. */
export const OperationView = Schema.Struct({
  id: Schema.String.annotateKey({ description: 'The `correlationId` of the events that it causes.' }),
  kind: Schema.Literals(operationKinds),
  status: Schema.Literals(operationStatuses),
  filter: Schema.Unknown.annotateKey({ description: 'As it was given; of a `search` the paths alone.' }),
  patched: Schema.optionalKey(Schema.Array(Schema.String)).annotateKey({
    description:
      'What its patch changes in payloads, as JSON pointers (RFC 6901): the first 100, empty for the whole payload and for what is longer than 500 characters. The values are kept apart until it ends.',
  }),
  rate: Schema.optionalKey(Schema.Int),
  reason: Schema.optionalKey(Schema.String),
  actor: Actor.annotateKey({ description: 'Who asked for it.' }),
  tenant: Schema.optionalKey(Tenant),
  total: Schema.Int.annotateKey({
    description: 'The number of jobs, which was fixed when the operation was accepted.',
  }),
  done: Schema.Int.annotateKey({ description: 'Jobs that were changed or created.' }),
  skipped: Schema.Int.annotateKey({ description: 'Jobs that have gone on since, or are gone.' }),
  failed: Schema.Int.annotateKey({ description: 'Jobs for which it was refused, or failed.' }),
  reasons: Schema.optionalKey(Schema.Array(OutcomeReasonView)).annotateKey({
    description: 'Of a single operation: why jobs were skipped or failed, the most frequent first, at most 20.',
  }),
  hindrance: Schema.optionalKey(Schema.String).annotateKey({
    description: 'Why it does not go on although it is running, such as an outage of the event log.',
  }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  finishedAt: Schema.optionalKey(Timestamp),
}).annotate({ identifier: 'Operation' });

/** What a change makes of the payload of one job. */
const PayloadSampleView = Schema.Struct({
  id: JobId,
  type: JobType,
  before: Schema.Unknown,
  after: Schema.optionalKey(Schema.Unknown).annotateKey({ description: 'Missing where the change cannot be made.' }),
  refusal: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why the job would fail.' }),
}).annotate({ identifier: 'PayloadSample' });

/** The response to a dry run. */
export const OperationCount = Schema.Struct({
  dryRun: Schema.Literal(true),
  matched: Schema.Int.annotateKey({ description: 'At most `limit`, or 100,000.' }),
  groups: Schema.Array(Schema.Struct({ type: JobType, status: JobStatus, count: Schema.Int })).annotateKey({
    description: 'The same by type and status, the largest first.',
  }),
  sample: Schema.optionalKey(PayloadSampleView),
}).annotate({ identifier: 'OperationCount' });

/** The response of `GET /api/operations/:id/replaced`. */
export const ReplacedValuesView = Schema.Struct({
  jobs: Schema.Int.annotateKey({ description: 'The jobs of the operation, which are fixed.' }),
  gone: Schema.Int.annotateKey({ description: 'Jobs that the table has no more: they will be skipped.' }),
  sealed: Schema.Int.annotateKey({ description: 'Jobs whose payloads are encrypted: they cannot be compared.' }),
  fields: Schema.Array(
    Schema.Struct({
      path: Schema.String.annotateKey({
        description:
          'A JSON pointer (RFC 6901); empty for the whole payload and for what is longer than 500 characters.',
      }),
      jobs: Schema.Int.annotateKey({ description: 'Jobs that have another value than the patch sets.' }),
      values: Schema.Int.annotateKey({ description: 'How many different values these are.' }),
      missing: Schema.Int.annotateKey({ description: 'Jobs without the field, which will have it.' }),
      examples: Schema.Array(
        Schema.Struct({
          json: Schema.String.annotateKey({ description: 'The value as JSON, cut after 200 characters.' }),
          jobs: Schema.Int,
        }),
      ).annotateKey({ description: 'The most frequent of the values, at most five.' }),
    }),
  ).annotateKey({ description: 'The fields that the patch sets, at most 100.' }),
}).annotate({ identifier: 'ReplacedValues' });

/** One job of an operation. */
export const OperationJobView = Schema.Struct({
  id: JobId,
  outcome: Schema.optionalKey(Schema.Literals(jobOutcomes)).annotateKey({
    description: 'Missing until it is processed.',
  }),
  reason: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it was skipped or failed.' }),
  newJobId: Schema.optionalKey(JobId).annotateKey({ description: 'The job that repeats it.' }),
}).annotate({ identifier: 'OperationJob' });

export function operationView(
  operation: JobOperation,
  reasons?: readonly OutcomeReason[],
): BodyOf<typeof OperationView> {
  const { fingerprint: _fingerprint, keyId: _keyId, ...shown } = operation;
  return {
    ...shown,
    reasons,
    rate: operation.rate ?? undefined,
    reason: operation.reason ?? undefined,
    tenant: operation.tenant ?? undefined,
    hindrance: operation.hindrance ?? undefined,
    finishedAt: operation.finishedAt ?? undefined,
  };
}

export function operationJobView({
  id,
  outcome,
  reason,
  newJobId,
}: ListedOperationJob): BodyOf<typeof OperationJobView> {
  return { id, outcome, reason, newJobId };
}
