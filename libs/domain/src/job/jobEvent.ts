import * as Schema from 'effect/Schema';
import { decodeEvent, eventEnvelope, type DecodedEvent } from '../messages/eventEnvelope.ts';
import { jobEventNames, jobEvents, type JobEventName } from './jobEvents.ts';
import { JobId, JobType } from './jobId.ts';

export const jobEventEnvelope = eventEnvelope({ jobId: JobId, jobType: JobType });

/** The fields of the event's `data`. */
type JobEventFields<Name extends JobEventName> = (typeof jobEvents)[Name]['data'];

type EventSchema<Name extends JobEventName> = Schema.Struct<
  typeof jobEventEnvelope & {
    readonly event: Schema.Literal<Name>;
    readonly data: Schema.Struct<JobEventFields<Name>>;
  }
>;
type EventSchemas = { readonly [Name in JobEventName]: EventSchema<Name> };

const schemas = jobEventNames.map((name) =>
  Schema.Struct({ ...jobEventEnvelope, event: Schema.Literal(name), data: Schema.Struct(jobEvents[name].data) }),
);

/** Everything that can happen to a job: one event is one message in the log, and its JSON body has this shape. */
export const JobEvent = Schema.Union(schemas as readonly Schema.Constraint[] as readonly EventSchemas[JobEventName][]);
export type JobEvent = typeof JobEvent.Type;
export type JobEventOf<Name extends JobEventName> = Extract<JobEvent, { readonly event: Name }>;

const decode = Schema.decodeUnknownResult(JobEvent);

/** The JSON text of an event, as the log keeps it. */
export function encodeJobEvent(event: JobEvent): string {
  return JSON.stringify(event);
}

/** Reads a message body; never throws. Unknown fields are dropped, so writers may add some without a new version. */
export function decodeJobEvent(text: string): DecodedEvent<JobEvent> {
  return decodeEvent(text, decode);
}
