import { Actor, SignalName, StepName, Timestamp } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { BodyOf } from '../../http/sendJson.ts';

const optional = Schema.optionalKey;

/** How many are before the job; for a single job only. */
const queued = {
  ahead: optional(Schema.Int).annotateKey({
    description:
      'For a single job: pending jobs of the type that became ready earlier, up to 10,000. For a caller with a tenant, of the tenant.',
  }),
  aheadIsMore: optional(Schema.Literal(true)).annotateKey({ description: 'There are more than were counted.' }),
  estimateMs: optional(Schema.Int).annotateKey({
    description: 'How long that takes at the rate of the last minute, if attempts have ended in it.',
  }),
};
const attempt = Schema.Int.annotateKey({ description: 'The number of the attempt.' });
const running = { attempt, worker: optional(Schema.String), since: optional(Timestamp) };

/** Why an unfinished job does not run at the moment of the answer. */
export const WaitingForView = Schema.Union([
  Schema.Struct({ reason: Schema.Literal('upgrade'), unreadableEvents: Schema.Int }),
  Schema.Struct({ reason: Schema.Literal('running'), ...running }),
  Schema.Struct({ reason: Schema.Literal('lostWorker'), ...running }),
  Schema.Struct({ reason: Schema.Literal('due'), at: Timestamp }),
  Schema.Struct({ reason: Schema.Literal('backoff'), attempt, until: Timestamp }),
  Schema.Struct({
    reason: Schema.Literal('sleep'),
    attempt,
    until: Timestamp,
    name: optional(StepName).annotateKey({
      description: 'For a single job: that of the sleep that ends then, if the table has it.',
    }),
    key: optional(StepName).annotateKey({ description: 'That of the sleep, if it has one.' }),
  }),
  Schema.Struct({
    reason: Schema.Literal('signal'),
    attempt,
    names: Schema.Array(SignalName).annotateKey({ description: 'It waits for a signal of any of these names.' }),
    since: Timestamp.annotateKey({
      description: 'Since when: its last change, which may be a signal of another name.',
    }),
    until: optional(Timestamp).annotateKey({
      description:
        'For a single job: when it goes on without one, if a time limit or a sleep beside it ends then and the table has it.',
    }),
  }),
  Schema.Struct({
    reason: Schema.Literal('paused'),
    since: optional(Timestamp),
    by: optional(Actor),
    why: optional(Schema.String),
    all: optional(Schema.Literal(true)),
    until: optional(Timestamp),
  }),
  Schema.Struct({ reason: Schema.Literal('noWorker'), announced: Schema.Boolean }),
  Schema.Struct({
    reason: Schema.Literal('concurrency'),
    inFlight: optional(Schema.Int),
    limit: optional(Schema.Int),
    ...queued,
  }),
  Schema.Struct({ reason: Schema.Literal('rateLimit'), rate: optional(Schema.String), ...queued }),
  Schema.Struct({ reason: Schema.Literal('queue'), ...queued }),
]).annotate({ identifier: 'WaitingFor' });

export type WaitingFor = BodyOf<typeof WaitingForView>;
/** The reasons of a job that others of its type are ahead of. */
export type Queued = Extract<WaitingFor, { readonly ahead?: number | undefined }>;

export function isQueued(waiting: WaitingFor): waiting is Queued {
  return waiting.reason === 'queue' || waiting.reason === 'concurrency' || waiting.reason === 'rateLimit';
}

/** Leaves out who has paused a type, and what its tenants share. */
export function forTenant(waiting: WaitingFor): WaitingFor {
  if (waiting.reason === 'paused') return { reason: 'paused', since: waiting.since, until: waiting.until };
  if (!isQueued(waiting)) return waiting;
  const { reason, ahead, aheadIsMore } = waiting;
  return { reason, ahead, aheadIsMore };
}
