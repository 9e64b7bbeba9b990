import { decodeJobEvent } from '@jobstream/domain';
import type { JobEvent } from '@jobstream/domain';
import type { RawMessage } from '../../chaos/judge/evidence.ts';
import { subjectOf } from './subjectOf.ts';

/** A message of the stream JOBS as a judge looks at it. */
export interface LogMessage extends RawMessage {
  /** Undefined if the body is no event of version 1, or one that belongs on another subject. */
  readonly event: JobEvent | undefined;
  readonly byKit: boolean;
}

export function logMessage(message: RawMessage, byKit: boolean): LogMessage {
  const decoded = decodeJobEvent(message.body);
  const counts = decoded.kind === 'event' && subjectOf(decoded.event) === message.subject;
  return { ...message, byKit, event: counts ? decoded.event : undefined };
}
