import { JobId, JobStatus } from '@jobstream/domain';
import { Schema } from 'effect';
import { ProblemBody } from '../problems/problemBody.ts';

/** What became of a line: the job that it made or had made before, or what is wrong with it. */
export const ImportOutcome = Schema.Union([
  Schema.Struct({
    line: Schema.Int,
    id: JobId,
    status: JobStatus,
    replayed: Schema.optionalKey(Schema.Literal(true)),
  }),
  Schema.Struct({ line: Schema.Int, errors: ProblemBody.fields.errors.schema }),
]);

/** The last line of the answer of an import. */
export const ImportSummary = Schema.Struct({
  done: Schema.Literal(true),
  lines: Schema.Int,
  created: Schema.Int,
  replayed: Schema.Int,
  failed: Schema.Int,
  stopped: Schema.optionalKey(Schema.String).annotateKey({ description: 'Why it ended early.' }),
});

/** A line of the answer of an import. */
export const ImportAnswer = Schema.Union([...ImportOutcome.members, ImportSummary]).annotate({
  identifier: 'ImportLine',
});
