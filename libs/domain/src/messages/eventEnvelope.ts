// Compiles the checks of a schema into one function: decoding takes two thirds of the time. It must come first.
import 'effect/schema/SchemaJITCompiler/enable';
import * as Schema from 'effect/Schema';
import type * as Result from 'effect/Result';
import { Tenant } from './tenant.ts';
import { Timestamp } from './timestamp.ts';

/**
 * The schema version of all event bodies. It is not raised, since that would make all stored events malformed: decision 0030
 * says how an event changes.
 */
export const EVENT_SCHEMA_VERSION = 1;

/** Who caused an event. */
export const Actor = Schema.Struct({
  kind: Schema.Literals(['api', 'worker', 'scheduler', 'keeper', 'user']),
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

/**
 * A decoded message body: an event, the body of an event that a newer release may have written, or why it is no event.
 */
export type DecodedEvent<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'newer'; readonly reason: string; readonly body: NewerBody }
  | { readonly kind: 'malformed'; readonly reason: string };

/** A body of another schema version, or with an unknown name. Its fields are what anybody may have written. */
export type NewerBody = Readonly<Record<string, unknown>>;

/** What an event of a later release may be called. */
const EVENT_NAME = /^[A-Z][A-Za-z]{0,63}$/u;

/**
 * Decodes a message body by `decodeBody`, for events of any shape that have the schema version in `v`. Never throws.
 * Unknown fields are dropped, so writers may add some without a new version.
 *
 * @param names of all events; a body with another name is one of a newer release. Without them it is malformed.
 */
export function decodeEvent<Event>(
  text: string,
  decodeBody: (body: unknown) => Result.Result<Event, Schema.SchemaError>,
  names?: readonly string[],
): DecodedEvent<Event> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return { kind: 'malformed', reason: `not JSON: ${String(error)}` };
  }
  const version = schemaVersion(body);
  if (version !== undefined && version > EVENT_SCHEMA_VERSION) {
    return { kind: 'newer', reason: `schema version ${version} is newer than this release`, body: body as NewerBody };
  }
  const result = decodeBody(body);
  if (result._tag === 'Success') return { kind: 'event', event: result.success };
  const name = version === EVENT_SCHEMA_VERSION ? (body as NewerBody)['event'] : undefined;
  if (names !== undefined && typeof name === 'string' && EVENT_NAME.test(name) && !names.includes(name)) {
    return { kind: 'newer', reason: `${name} is no event of this release`, body: body as NewerBody };
  }
  return { kind: 'malformed', reason: result.failure.message };
}

function schemaVersion(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('v' in body)) return undefined;
  return Number.isInteger(body.v) ? Number(body.v) : undefined;
}
