// Compiles the checks of a schema into one function: decoding takes two thirds of the time. It must come first.
import 'effect/schema/SchemaJITCompiler/enable';
import { Schema } from 'effect';
import type { Result } from 'effect';
import { EVENT_SCHEMA_VERSION } from './eventEnvelope.ts';
import { JobEvent } from './jobEvent.ts';

/** What a message body turned out to be: an event, one written by a newer release, or no event at all. */
export type DecodedEvent<Event = JobEvent> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'malformed'; readonly reason: string };

const decode = Schema.decodeUnknownResult(JobEvent);

/** The JSON text of an event, as the log keeps it. */
export function encodeJobEvent(event: JobEvent): string {
  return JSON.stringify(event);
}

/** Reads a message body; never throws. Unknown fields are dropped, so writers may add some without a new version. */
export function decodeJobEvent(text: string): DecodedEvent {
  return decodeEvent(text, decode);
}

/** As decodeJobEvent, for events of any shape that have the schema version in `v`. */
export function decodeEvent<Event>(
  text: string,
  decodeBody: (body: unknown) => Result.Result<Event, Schema.SchemaError>,
): DecodedEvent<Event> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return { kind: 'malformed', reason: `not JSON: ${String(error)}` };
  }
  const version = schemaVersion(body);
  if (version !== undefined && version > EVENT_SCHEMA_VERSION) return { kind: 'newer', version };
  const result = decodeBody(body);
  if (result._tag === 'Success') return { kind: 'event', event: result.success };
  return { kind: 'malformed', reason: result.failure.message };
}

function schemaVersion(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('v' in body)) return undefined;
  return Number.isInteger(body.v) ? Number(body.v) : undefined;
}
