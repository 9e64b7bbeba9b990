import {
  JobType,
  MAX_AHEAD_MS,
  MaxAttempts,
  newJobDefaults as defaults,
  Priority,
  RequestedBackoff,
  Tags,
  TimeoutMs,
} from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import { Instant } from './instant.ts';
import { RequestedUnique } from './requestedUnique.ts';

/** A request to create a job: the body of `POST /api/jobs`, and what an outbox row holds. */
export const CreateJobRequest = Schema.Struct({
  type: JobType,
  payload: Schema.optionalKey(Schema.Unknown).annotateKey({
    description: 'Passed to the handler: any JSON value of at most 256 KiB.',
    default: defaults.payload,
  }),
  runAt: Schema.optionalKey(Instant).annotateKey({
    description: 'When to run: at most a year ahead; a past time means immediately. Not together with `delayMs`.',
  }),
  delayMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_AHEAD_MS }))).annotateKey({
    description: 'Milliseconds until it runs.',
    default: 0,
  }),
  maxAttempts: Schema.optionalKey(MaxAttempts).annotateKey({
    description:
      'The number of attempts before the job fails. Default: that of the definition of the type, otherwise 5.',
  }),
  backoff: Schema.optionalKey(
    RequestedBackoff.annotate({ message: 'must be an object whose type is "fixed" or "exponential"' }),
  ).annotateKey({
    description:
      'The delay between attempts. Default: that of the definition of the type, otherwise exponential from 1 s to 1 h.',
  }),
  timeoutMs: Schema.optionalKey(TimeoutMs).annotateKey({
    description:
      'The timeout of one attempt in milliseconds. Default: that of the definition of the type, otherwise an hour.',
  }),
  tags: Schema.optionalKey(Tags).annotateKey({
    description: 'Labels by which jobs can be listed.',
    default: defaults.tags,
  }),
  priority: Schema.optionalKey(Priority).annotateKey({
    description:
      'Which jobs of the type start first while more wait than can run: of 21 starts 16 are of high, 4 of normal and 1 of low priority.',
    default: 'normal',
  }),
  unique: Schema.optionalKey(RequestedUnique).annotateKey({
    description: 'If there is such a job already, that one is returned and none is created.',
  }),
});
export type CreateJobRequest = typeof CreateJobRequest.Type;
