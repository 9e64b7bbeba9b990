import { Schema } from 'effect';
import { decodeEvent } from '../eventCodec.ts';
import type { DecodedEvent } from '../eventCodec.ts';
import { ScheduleEvent } from './scheduleEvent.ts';

const decode = Schema.decodeUnknownResult(ScheduleEvent);

/** The JSON text of an event of a schedule, as the log keeps it. */
export function encodeScheduleEvent(event: ScheduleEvent): string {
  return JSON.stringify(event);
}

/** Reads a message body; never throws. */
export function decodeScheduleEvent(text: string): DecodedEvent<ScheduleEvent> {
  return decodeEvent(text, decode);
}
