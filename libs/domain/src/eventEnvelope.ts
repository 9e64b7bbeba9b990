import { Schema } from 'effect';
import { Tenant } from './tenant.ts';
import { Timestamp } from './timestamp.ts';

/** The schema version of the event bodies written and understood here. */
export const EVENT_SCHEMA_VERSION = 1;

/** Who caused an event. */
export const Actor = Schema.Struct({
  kind: Schema.Literals(['api', 'worker', 'scheduler', 'user']),
  id: Schema.String,
});
export type Actor = typeof Actor.Type;

export const EventId = Schema.String.check(Schema.isBetweenLength(1, 128));

/** The fields of every event; `about` says which job or schedule the event belongs to. */
export const eventEnvelope = <const About extends Schema.Struct.Fields>(about: About) => ({
  v: Schema.Literal(EVENT_SCHEMA_VERSION),
  id: EventId,
  ...about,
  version: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  at: Timestamp,
  actor: Actor,
  causationId: Schema.optionalKey(Schema.String),
  correlationId: Schema.optionalKey(Schema.String),
  /** Stands in every event, so that each can be shown or withheld by itself. */
  tenant: Schema.optionalKey(Tenant),
});
