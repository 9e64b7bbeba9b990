import * as Schema from 'effect/Schema';
import { decodeEvent, eventEnvelope, type DecodedEvent } from '../messages/eventEnvelope.ts';
import { Timestamp } from '../messages/timestamp.ts';
import { ScheduleDefinition, ScheduleName, TickRecord } from './schedule.ts';

const envelope = eventEnvelope({ schedule: ScheduleName });

const eventOf = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ ...envelope, event: Schema.Literal(name), data: Schema.Struct(fields) });

/** Ticks after `ticksFrom` count: those before belong to an earlier definition, or to a time when it was disabled. */
const defined = { ...ScheduleDefinition.fields, ticksFrom: Timestamp };

const ScheduleCreated = eventOf('ScheduleCreated', defined);
/**
 * Has the whole new definition, so that the last event of each kind tells the state; and when the schedule was created,
 * since a log with an age limit forgets that event.
 */
const ScheduleUpdated = eventOf('ScheduleUpdated', {
  ...defined,
  createdAt: Timestamp,
  /** Why an operator has changed it. */
  reason: Schema.optionalKey(Schema.String),
});
const ScheduleDeleted = eventOf('ScheduleDeleted', {});
const ScheduleTicked = eventOf('ScheduleTicked', TickRecord.fields);

/** Everything that can happen to a schedule: one event is one message in the log. */
export const ScheduleEvent = Schema.Union([ScheduleCreated, ScheduleUpdated, ScheduleDeleted, ScheduleTicked]);
export type ScheduleEvent = typeof ScheduleEvent.Type;
export type ScheduleEventName = ScheduleEvent['event'];
export type ScheduleEventOf<Name extends ScheduleEventName> = Extract<ScheduleEvent, { readonly event: Name }>;

const decode = Schema.decodeUnknownResult(ScheduleEvent);

/** The JSON text of an event of a schedule, as the log keeps it. */
export function encodeScheduleEvent(event: ScheduleEvent): string {
  return JSON.stringify(event);
}

/** Reads a message body; never throws. */
export function decodeScheduleEvent(text: string): DecodedEvent<ScheduleEvent> {
  return decodeEvent(text, decode);
}
