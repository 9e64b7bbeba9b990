import { JetStreamApiError } from '@nats-io/jetstream';
import { PermissionViolationError, RequestError } from '@nats-io/transport-node';

/** The error codes of JetStream that decide what the event log does next; nats-server's `errors.json` has them all. */
const WRONG_LAST_SEQUENCE = 10_071;
const WRONG_LAST_SEQUENCE_CONSTANT = 10_164;
const TOO_MANY_REQUESTS = 10_167;
const INCOMPLETE_BATCH = 10_176;
const TOO_MANY_OPEN_BATCHES = 10_210;
const CONSUMER_NOT_FOUND = 10_014;
const CONSUMER_EXISTS = 10_148;
const MESSAGE_NOT_FOUND = 10_037;
export const STREAM_NOT_FOUND = 10_059;
const SCHEDULE_TARGET_INVALID = 10_190;
/** A status of the NATS protocol: no server listens on the subject, as while a stream has no leader. */
const NO_RESPONDERS = 503;

/** Whether a publish was refused since its subject's last sequence is not the expected one; nothing was stored. */
export function isConflict(code: number): boolean {
  return code === WRONG_LAST_SEQUENCE || code === WRONG_LAST_SEQUENCE_CONSTANT;
}

/** Whether a conflict is with a stored message, and not only with another one of the server's uncommitted batches. */
export function isConflictWithStored(code: number): boolean {
  return code === WRONG_LAST_SEQUENCE;
}

/** Whether no stream took the publish. The message may be sent again, but an earlier copy of it may still be stored. */
export function isWithoutResponders(code: number): boolean {
  return code === NO_RESPONDERS;
}

/** Whether an atomic batch was not stored for a reason that passes, so that it may be sent again. */
export function isTransientBatchRefusal(code: number): boolean {
  return [TOO_MANY_REQUESTS, INCOMPLETE_BATCH, TOO_MANY_OPEN_BATCHES, NO_RESPONDERS].includes(code);
}

/** Whether a stream has no message of the requested sequence or subject. */
export function isMessageNotFound(code: number | undefined): boolean {
  return code === MESSAGE_NOT_FOUND;
}

/** Whether a schedule message was refused for its target subject alone, the last thing that the server checks. */
export function isScheduleTargetInvalid(code: number): boolean {
  return code === SCHEDULE_TARGET_INVALID;
}

export function isStreamNotFound(error: unknown): boolean {
  return isApiError(error, STREAM_NOT_FOUND);
}

export function isConsumerNotFound(error: unknown): boolean {
  return isApiError(error, CONSUMER_NOT_FOUND);
}

/** Whether a consumer of this name exists with other settings. */
export function isConsumerExists(error: unknown): boolean {
  return isApiError(error, CONSUMER_EXISTS);
}

/** Whether a request failed because its user has no permission for it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof RequestError && error.cause instanceof PermissionViolationError;
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
