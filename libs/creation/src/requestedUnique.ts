import { OnConflict, Unique } from '@jobstream/domain';
import * as Schema from 'effect/Schema';

/** What of a job its unique key is made of. */
const UniquePath = Schema.String.check(
  Schema.isPattern(/^(?:tenant|type|payload(?:\.[^.]+)*)$/u, {
    expected: '"tenant", "type", "payload", or a path into the payload such as "payload.userId"',
  }),
  Schema.isMaxLength(256),
);
const MAX_PATHS = 16;
const MIN_FOR_MS = 1_000;
const MAX_FOR_MS = 30 * 86_400_000;
const ForMs = Schema.Int.check(Schema.isBetween({ minimum: MIN_FOR_MS, maximum: MAX_FOR_MS }));

/** A rule as a request has it. */
export const RequestedUnique = Schema.Struct({
  by: Schema.Array(UniquePath).check(Schema.isBetweenLength(1, MAX_PATHS)).annotateKey({
    description:
      'What two jobs of a type must have in common for the second not to be created: `payload`, or paths into it such as `payload.userId`. The type and the tenant always count, and may stand alone: `type`.',
  }),
  while: Unique.fields.while.annotateKey({
    description:
      'How long the rule holds: `waiting` until the first start of the job, `unfinished` until it has ended. Not together with `forMs`.',
    default: 'unfinished',
  }),
  forMs: Schema.optionalKey(ForMs).annotateKey({
    description: 'The rule holds for these milliseconds from the creation of the job: a second to 30 days.',
  }),
  onConflict: Schema.optionalKey(OnConflict).annotateKey({
    description:
      'What becomes of a job that holds the key and waits for its first start: nothing (`keep`), it gets the payload of this request (`replace`), or that and its due time, `delayMs` from now (`debounce`).',
    default: 'keep',
  }),
}).annotate({ identifier: 'RequestedUnique' });
