import { Schema } from 'effect';
import { eventEnvelope } from '../eventEnvelope.ts';
import { Timestamp } from '../timestamp.ts';
import { ScheduleDefinition, TickRecord } from './schedule.ts';
import { ScheduleName } from './scheduleName.ts';
import { decodeEvent } from '../eventCodec.ts';
import type { DecodedEvent } from '../eventCodec.ts';

const envelope = eventEnvelope({ schedule: ScheduleName });

const eventOf = <const Name extends string, const Fields extends Schema.Struct.Fields>(name: Name, fields: Fields) =>
  Schema.Struct({ ...envelope, event: Schema.Literal(name), data: Schema.Struct(fields) });

/** Ticks after `ticksFrom` count: those before belong to an earlier definition, or to a time when it was disabled. */
const defined = { ...ScheduleDefinition.fields, ticksFrom: Timestamp };

export const ScheduleCreated = eventOf('ScheduleCreated', defined);
/**
 * Has the whole new definition, so that the last event of each kind tells the state; and when the schedule was created,
 * since a log with an age limit forgets that event.
 */
export const ScheduleUpdated = eventOf('ScheduleUpdated', { ...defined, createdAt: Timestamp });
export const ScheduleDeleted = eventOf('ScheduleDeleted', {});
export const ScheduleTicked = eventOf('ScheduleTicked', TickRecord.fields);

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
