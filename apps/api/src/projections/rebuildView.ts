import { Timestamp } from '@jobstream/domain';
import type { RebuildRequest } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../http/sendJson.ts';

export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

export const DifferenceView = Schema.Struct({
  table: Schema.String,
  key: Schema.String.annotateKey({ description: 'The id of a job, or another key of the row.' }),
  problem: Schema.Literals(['missing', 'extra', 'different']),
  field: Schema.String,
  live: Schema.NullOr(Schema.String).annotateKey({ description: 'The value in the table in use.' }),
  log: Schema.NullOr(Schema.String).annotateKey({ description: 'The value according to the log.' }),
});

/** The rebuild that was requested last. */
export const RebuildView = Schema.Struct({
  status: Schema.Literals(['none', 'requested', 'running', 'completed', 'differs', 'failed', 'cancelled']).annotateKey({
    description: '`none`: never requested. `differs`: compared, and not put in use because of the differences.',
  }),
  id: Schema.optionalKey(Schema.String),
  force: Schema.optionalKey(Schema.Boolean),
  except: Schema.optionalKey(Schema.Array(Schema.String)),
  cancelRequested: Schema.optionalKey(Schema.Boolean),
  progress: Schema.optionalKey(Schema.Struct({ step: Schema.String, done: Count, total: Count })),
  position: Schema.optionalKey(Count).annotateKey({
    description: 'The position in the log at which the tables were swapped.',
  }),
  jobs: Schema.optionalKey(Count).annotateKey({ description: 'How many jobs were compared.' }),
  differences: Schema.optionalKey(Schema.Array(DifferenceView)).annotateKey({ description: 'The first 100.' }),
  reason: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it failed.' }),
  requestedAt: Schema.optionalKey(Timestamp),
  startedAt: Schema.optionalKey(Timestamp),
  updatedAt: Schema.optionalKey(Timestamp),
  finishedAt: Schema.optionalKey(Timestamp),
}).annotate({ identifier: 'Rebuild' });

export function rebuildView(request: RebuildRequest | undefined): BodyOf<typeof RebuildView> {
  if (request === undefined) return { status: 'none' };
  const { progress, result, startedAt, finishedAt, ...rest } = request;
  return {
    ...rest,
    ...result,
    progress: progress === null ? undefined : { step: progress.step, done: progress.done, total: progress.total },
    startedAt: startedAt ?? undefined,
    finishedAt: finishedAt ?? undefined,
  };
}
