import { Schema } from 'effect';
import { JobView } from './jobView.ts';

/** The answer of `GET /api/jobs`. */
export const JobPage = Schema.Struct({
  items: Schema.Array(JobView),
  nextCursor: Schema.NullOr(Schema.String).annotateKey({ description: '`null` on the last page.' }),
  total: Schema.optionalKey(Schema.Int).annotateKey({ description: 'The jobs on all pages, with `count=true`.' }),
  totalExact: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: 'False: there are more, and counting stopped.',
  }),
}).annotate({ identifier: 'JobPage' });
