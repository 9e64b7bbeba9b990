import { decodeScheduleEvent, type DecodedEvent, type ScheduleEvent } from '@jobstream/domain';
import { scheduleFilter, scheduleOfSubject } from '../streams/scheduleSubjects.ts';
import type { StoredExpectation } from './jobLink.ts';

/** A message about a schedule, with what its append expected. */
interface ScheduleMessage {
  readonly subject: string;
  readonly text: string;
  readonly expectation: StoredExpectation;
}

/**
 * Decodes a message about a schedule. What looks like an event of a newer release is malformed, unless the server has
 * checked that it follows the last message of the schedule that its body names: anybody can write it.
 */
export function decodeStoredScheduleEvent({
  subject,
  text,
  expectation,
}: ScheduleMessage): DecodedEvent<ScheduleEvent> {
  const decoded = decodeScheduleEvent(text);
  if (decoded.kind !== 'newer') return decoded;
  const name = scheduleOfSubject(subject);
  const isChained = expectation.sequence !== undefined && expectation.filter === scheduleFilter(name);
  if (isChained && decoded.body['schedule'] === name) return decoded;
  return { kind: 'malformed', reason: `${decoded.reason}, and it does not follow the last message of its schedule` };
}
