import * as Schema from 'effect/Schema';
import { Actor, EventId } from './eventEnvelope.ts';
import { Timestamp } from './timestamp.ts';

/** The fields of every command: the caller, the time and the new event's id, since the domain has no clock and makes no ids. */
export const commandContext = {
  eventId: EventId,
  at: Timestamp,
  actor: Actor,
  causationId: Schema.optionalKey(Schema.String),
  correlationId: Schema.optionalKey(Schema.String),
};
export type CommandContext = Schema.Struct<typeof commandContext>['Type'];

/**
 * Why a command was refused. `not-due` comes with `dueAt`, the instant before which the job must not start; `unreadable`: the
 * job has events of a newer release; `unchanged`: it is so already; `key-held`: another job holds its unique key; `too-many-signals`: no step has
 * read those that it has.
 */
export interface Rejection {
  readonly kind:
    | 'not-found'
    | 'already-exists'
    | 'already-cancelled'
    | 'illegal-transition'
    | 'overtaken'
    | 'not-due'
    | 'unreadable'
    | 'unchanged'
    | 'key-held'
    | 'too-many-signals';
  readonly detail: string;
  readonly dueAt?: string;
}

/** Whether a decision is a refusal rather than an event. */
export function isRejection(decision: object): decision is Rejection {
  return 'kind' in decision;
}
