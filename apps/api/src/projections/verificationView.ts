import { Actor, Timestamp } from '@jobstream/domain';
import type { RequestedVerification } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../http/sendJson.ts';
import { Count, DifferenceView } from './rebuildView.ts';

const VerificationView = Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(['requested', 'running', 'equal', 'differs', 'lags', 'failed']).annotateKey({
    description: '`lags`: nothing differs, but the table does not have all that the log has, and does not advance.',
  }),
  requestedAt: Timestamp,
  requestedBy: Schema.optionalKey(Actor).annotateKey({ description: 'Absent if the command line has run it.' }),
  startedAt: Schema.optionalKey(Timestamp),
  finishedAt: Schema.optionalKey(Timestamp),
  progress: Schema.optionalKey(Schema.Struct({ step: Schema.String, done: Count, total: Count })),
  position: Schema.optionalKey(Count).annotateKey({ description: 'The place in the log at which both were compared.' }),
  end: Schema.optionalKey(Count).annotateKey({ description: 'The last place in the log after the comparison.' }),
  jobs: Schema.optionalKey(Count).annotateKey({ description: 'How many jobs were compared.' }),
  differences: Schema.optionalKey(Count).annotateKey({ description: 'Each field of a job counts.' }),
  first: Schema.optionalKey(Schema.Array(DifferenceView)).annotateKey({ description: 'The first 100 differences.' }),
  unreadableJobs: Schema.optionalKey(Count).annotateKey({
    description: 'Jobs with events of a newer release, which are compared as far as this release can read them.',
  }),
  ignoredMessages: Schema.optionalKey(Count).annotateKey({
    description: 'Messages on subjects of jobs that change nothing, whoever folds the log.',
  }),
  reason: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it failed.' }),
}).annotate({ identifier: 'Verification' });

/** The comparison of table and log that has not ended, and the last one that has. */
export const VerificationsView = Schema.Struct({
  current: Schema.optionalKey(VerificationView),
  last: Schema.optionalKey(VerificationView),
}).annotate({ identifier: 'Verifications' });

export function verificationView(one: RequestedVerification): BodyOf<typeof VerificationView> {
  const { id, status, requestedAt, requestedBy, startedAt, finishedAt, progress, result } = one;
  return {
    id,
    status,
    requestedAt,
    requestedBy: requestedBy ?? undefined,
    startedAt: startedAt ?? undefined,
    finishedAt: finishedAt ?? undefined,
    progress: progress === null ? undefined : { step: progress.step, done: progress.done, total: progress.total },
    ...result,
  };
}
